# shellcheck shell=bash
# A private PostgreSQL for schema/run: its directory, the unprivileged user it runs as, backups as the shipped files say,
# and how commands are shown. Sourced after install.sh.

pg_bin=/usr/lib/postgresql/15/bin
demo=""    # the directory of this run, below /tmp
runner=()  # prefix that makes a command run as the unprivileged user

# as_runner COMMAND... in the directory, with nothing of the caller's about other databases.
as_runner() {
  (
    cd "$demo" || exit 1
    unset "${!PG@}"
    export HOME="$demo" PATH="$demo/bin:/usr/local/bin:/usr/bin:/bin" TZ=UTC LC_ALL=C.UTF-8
    export PGHOST="$demo" PGUSER=postgres PGDATABASE=lintel PGBACKREST_CONFIG="$demo/pgbackrest.conf" PGBACKREST_REPO1_CIPHER_PASS=known-to-this-demo
    exec "${runner[@]}" "$@"
  )
}
sql() { as_runner psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
server_runs() { [ -s "$demo/data/postmaster.pid" ] && kill -0 "$(head -n 1 "$demo/data/postmaster.pid")" 2>/dev/null; }

prepare_directory() {
  umask 022
  demo=$(mktemp -d /tmp/lintel-hq.XXXXXX)
  trap finish EXIT
  trap 'printf "\n"; exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir -p "$demo"/{bin,log,archives,backups,spool,lock,outside}
  cp "$program" "$demo/bin/lintel-hq"
  cp -R "$LINTEL_ROOT/schema/postgres" "$LINTEL_ROOT/schema/legacy" "$LINTEL_ROOT/schema/demo" "$LINTEL_ROOT/schema/backup/postgresql.conf" "$demo/"
  # The shipped file, with this directory's places.
  sed -e "s#=/var/lib/pgbackrest#=$demo/backups#; s#=/var/spool/pgbackrest#=$demo/spool#; s#=/var/log/pgbackrest#=$demo/log#; s#=/tmp/pgbackrest#=$demo/lock#" \
    -e "s#^pg1-path=.*#pg1-path=$demo/data#; s#^pg1-socket-path=.*#pg1-socket-path=$demo#" "$LINTEL_ROOT/schema/backup/pgbackrest.conf" >"$demo/pgbackrest.conf"
  echo "pg1-user=postgres" >>"$demo/pgbackrest.conf"
  if [ "$(id -u)" -eq 0 ]; then
    runner=(setpriv --reuid postgres --regid "$(id -g postgres)" --init-groups --no-new-privs)
    chown -R postgres: "$demo"
  fi
  chmod 755 "$demo"
}

start_server() {
  as_runner "$pg_bin/initdb" -D "$demo/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$demo/log/initdb" 2>&1 ||
    { tail -n 5 "$demo/log/initdb" >&2; die "initdb failed."; }
  # Backups, statistics of statements: as shipped. A demonstration need not survive a power cut.
  printf "listen_addresses = ''\nunix_socket_directories = '%s'\ntimezone = 'UTC'\nfsync = off\nsynchronous_commit = off\nmax_wal_size = 2GB\ninclude '%s/postgresql.conf'\n" \
    "$demo" "$demo" | as_runner tee -a "$demo/data/postgresql.conf" >/dev/null
  as_runner "$pg_bin/pg_ctl" -D "$demo/data" -l "$demo/log/postgresql" -w -s start </dev/null >/dev/null 2>&1 ||
    { tail -n 5 "$demo/log/postgresql" >&2; die "PostgreSQL did not start."; }
}

start_headquarters() {
  [ -x "$pg_bin/initdb" ] || die "PostgreSQL 15 is not in $pg_bin." "Debian 12: apt-get install postgresql-15"
  prepare_directory
  step "a private PostgreSQL 15 in $demo"
  start_server
  as_runner pgbackrest --stanza=lintel stanza-create >"$demo/log/stanza" 2>&1 || { tail -n 5 "$demo/log/stanza" >&2; die "pgBackRest cannot keep backups of it."; }
  as_runner createdb lintel
}

# Runs at every exit: ends the server of this run and clears up.
finish() {
  local code=$?
  trap '' INT TERM HUP
  if server_runs; then as_runner "$pg_bin/pg_ctl" -D "$demo/data" -m immediate -w stop >/dev/null 2>&1 || true; fi
  if [ "$keep" = yes ] || { [ "$code" -ne 0 ] && [ "$code" -ne 130 ] && [ "$code" -ne 143 ]; }; then
    say "Logs, archives and backups are kept in $demo"
  else
    rm -rf "$demo"
  fi
  exit "$code"
}
