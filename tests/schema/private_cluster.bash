# To be sourced: a private PostgreSQL cluster for one test, reached by PGHOST and gone when the test ends.
# What is missing is a visible skip (exit code 77), or with LINTEL_TEST_REQUIRE_ALL=1, which tests/run sets
# after installing every package, a failure.
#   need PROGRAM PACKAGE   the program, or the skip naming Debian's package
#   start_cluster          sets $dir, made by this call; server programs run as another user where we are root
#   create_deployed NAME   a database with the central schema, copied from one that this cluster came with
#   start_empty_cluster    one without, and without the schema's roles, for tests of deploying itself
#   sql, deploy, revert    psql and sqitch, quiet unless they fail
# cluster_options, set before: more options of the server.

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
schema=$(readlink -f "$here/../../schema/postgres")

step() { echo "== $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() {
  if [[ ${LINTEL_TEST_REQUIRE_ALL:-} == 1 ]]; then fail "$* (LINTEL_TEST_REQUIRE_ALL=1: nothing may be skipped)"; fi
  echo "SKIPPED: $*" >&2
  exit 77
}
need() { command -v "$1" >/dev/null || skip "$1 is not installed (apt-get install $2)"; }

bin=$(ls -d /usr/lib/postgresql/{15,16,17,18}/bin 2>/dev/null | head -n 1) || true
[[ -n $bin ]] || skip "PostgreSQL is not installed (apt-get install postgresql-15)"
PATH=$bin:$PATH  # Debian's /usr/bin/psql is a script that takes six times as long to begin, and sqitch begins hundreds
need sqitch "sqitch libdbd-pg-perl"

server() { (cd "$dir" && "${as_server[@]}" "$bin/$1" "${@:2}"); }
cleanup() {
  if [[ -s $dir/data/postmaster.pid ]]; then server pg_ctl -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; fi
  rm -rf "$dir"
}
start_cluster() {
  make_directory
  "$here/deployed_cluster" "$dir/data" >/dev/null
  start_server
}
start_empty_cluster() {
  make_directory
  server initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
  start_server
}
make_directory() {
  local variable
  dir=$(mktemp -d /tmp/lintel-schema.XXXXXX)
  trap cleanup EXIT
  trap 'exit 130' INT TERM
  as_server=()
  if [[ $(id -u) -eq 0 ]]; then  # the server refuses to run as root
    chown nobody "$dir"
    as_server=(runuser -u nobody --)
  fi
  for variable in ${!PG@}; do unset "$variable"; done
  export PGHOST=$dir PGPORT=5432 PGUSER=postgres PGOPTIONS="-c client_min_messages=warning"
  export TZ=UTC SQITCH_FULLNAME="Lintel test" SQITCH_EMAIL=lintel@localhost
  step "a private cluster in $dir"
}
start_server() {
  server pg_ctl -D "$dir/data" -l "$dir/log" -w -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c port=5432 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=4GB ${cluster_options:-}" start >/dev/null \
    || { cat "$dir/log" >&2; exit 1; }
}

sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
quietly() { "$@" >"$dir/quiet.log" 2>&1 || { cat "$dir/quiet.log" >&2; exit 1; }; }
deploy() { quietly "$schema/deploy_to" "host=$dir port=5432 dbname=$1 user=${2:-postgres}"; }
sqitch_at() { (cd "$schema" && PGUSER=${user:-postgres} sqitch "$1" "${@:3}" "db:pg:$2"); }
create_deployed() { createdb -T deployed "$1"; }
revert() { user=${2:-postgres} quietly sqitch_at revert "$1" -y; }

# make_supabase DATABASE: a database like Supabase's, whose owner is no superuser. (Roles are the cluster's: once.)
make_supabase() {
  sql -d postgres <<SQL
create role supabase_postgres login createrole createdb;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
create database $1 owner supabase_postgres;
\connect $1
create schema extensions authorization supabase_postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension pgcrypto with schema extensions;
alter default privileges for role supabase_postgres grant all on tables to anon, authenticated, service_role;
alter default privileges for role supabase_postgres grant all on functions to anon, authenticated, service_role;
SQL
}
