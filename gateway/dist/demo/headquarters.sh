# shellcheck shell=bash
# Headquarters on this machine: a private PostgreSQL cluster (UNIX socket only) with the central schema, and
# the PostgREST stand-in before it.

pg_bin=/usr/lib/postgresql/15/bin
hq_url=""

# hq SQL... as the cluster's superuser; bare values on standard output.
hq() { PGOPTIONS="-c client_min_messages=warning" as_runner psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$demo/hq" -U postgres -d hq "$@"; }
hq_command() { printf "psql -h %s -U postgres hq   (headquarters' database)" "$demo/hq"; }

start_cluster() {
  step "starting a private PostgreSQL in $demo/hq"
  as_runner "$pg_bin/initdb" -D "$demo/hq/data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
    >"$demo/log/initdb" 2>&1 || { tail -n 5 "$demo/log/initdb" >&2; die "initdb failed."; }
  printf "listen_addresses = ''\nunix_socket_directories = '%s'\nunix_socket_permissions = 0777\ntimezone = 'UTC'\n" \
    "$demo/hq" >>"$demo/hq/data/postgresql.conf"
  launch postgresql "$pg_bin/postgres" -D "$demo/hq/data"
  wait_for "the start of PostgreSQL" 60 as_runner "$pg_bin/pg_isready" -q -h "$demo/hq"
}

# sqitch says each change as it deploys it. The role is there first, so that it is let in.
deploy_schema() {
  step "deploying the central schema"
  as_runner psql -X -q -v ON_ERROR_STOP=1 -h "$demo/hq" -U postgres -d postgres \
    -c "create role authenticator login noinherit" -c "create database hq"
  as_runner "$demo/schema/deploy_to" "host=$demo/hq dbname=hq user=postgres" 2>&1 |
    tee "$demo/log/sqitch" | sed 's/^/    /'
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then die "the central schema could not be deployed."; fi
  hq -c "grant anon, authenticated, lintel_gateway, lintel_hq to authenticator" >/dev/null
}

# A store, the key that tokens are signed with, and an enrolment token for the card that becomes its gateway.
register_store() {
  openssl rand -hex 32 >"$demo/hq/jwt-secret"
  chmod 600 "$demo/hq/jwt-secret"
  if [ "$(id -u)" -eq 0 ]; then chown lintel: "$demo/hq/jwt-secret"; fi
  enrolment_token=$(hq <"$LINTEL_ROOT/gateway/dist/demo/register.sql")
}

start_standin() {
  launch postgrest "$demo/bin/postgrest_standin" --db "host=$demo/hq user=authenticator dbname=hq" \
    --listen 127.0.0.1:0 --schema api --jwt-secret-file "$demo/hq/jwt-secret" --anon-role anon
  wait_for "the start of the PostgREST stand-in" 20 grep -q '^listening on ' "$demo/log/postgrest"
  hq_url=$(sed -n 's/^listening on //p' "$demo/log/postgrest")
}

start_headquarters() {
  start_cluster
  deploy_schema
  register_store
  start_standin
}
