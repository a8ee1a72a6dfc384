# To be sourced by run: what the parts share.
#   hq DATABASE VERB...            lintel-hq, there
#   says CODE TEXT COMMAND...      it ends with the code and says the text, on either output
#   answers CODE EXPRESSION COMMAND...   it ends with the code, and of its JSON document, d, the Python expression is true
#   copy NAME                      a new database like the shipped one
#   standby NAME PORT              a streaming replica, at $dir and the port
#   beside COMMAND...              in the background, until the test ends; others_end ends them before
#   finds DATABASE AUDIT [OPTION...]      see there

hq() { "$hq_program" "$2" --db "host=$dir port=5432 dbname=$1" "${@:3}"; }

restart_with() {
  quietly server pg_ctl -D "$dir/data" -l "$dir/log" -w -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c port=5432 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=4GB $*" restart
}

says() {
  local code=0 said
  said=$("${@:3}" 2>&1) || code=$?
  [[ $code -eq $1 ]] || fail "${*:3}: ended with $code instead of $1, and said: $said"
  [[ $said == *"$2"* ]] || fail "${*:3}: did not say \"$2\", but: $said"
}

answers() {
  local code=0 said
  said=$("${@:3}" --json 2>"$dir/err") || code=$?
  [[ $code -eq $1 ]] || fail "${*:3}: ended with $code instead of $1, and said: $said $(cat "$dir/err")"
  python3 -c 'import json, sys; d = json.loads(sys.stdin.read()); sys.exit(0 if eval(sys.argv[1]) else 1)' "$2" <<<"$said" 2>"$dir/err" \
    || fail "${*:3}: not $2 in: $said $(cat "$dir/err")"
}

copy() { createdb -T shipped "$1"; }

# The checks of one run of the audit, each line of standard input "CHECK OBJECT", find these objects.
planted=0 parts=()
finds() {
  local code=0 wanted
  wanted=$(cat)
  "$hq_program" audit "$2" --db "host=$dir port=5432 dbname=$1" --json "${@:3}" >"$dir/findings" 2>"$dir/err" || code=$?
  [[ $code -eq 1 ]] || fail "audit $2 ended with $code instead of 1: $(cat "$dir/err")"
  python3 - "$dir/findings" "$2" "$wanted" <<'PYTHON' || fail "audit $2 of $1"
import json, sys
findings = json.load(open(sys.argv[1]))["findings"]
missing = [line for line in sys.argv[3].splitlines()
           if not any(f["check"] == sys.argv[2] + "/" + line.split(" ", 1)[0] and line.split(" ", 1)[1] in f["object"] and f["evidence"] and f["advice"]
                      for f in findings)]
print("\n".join("nobody found " + line for line in missing), file=sys.stderr, end="\n" if missing else "")
for f in findings if missing else []:
    print(f["check"], f["object"], f["evidence"][:200], file=sys.stderr)
sys.exit(len(missing) > 0)
PYTHON
  planted=$((planted + $(wc -l <<<"$wanted")))
}

# What was started beside the server: standbys' folders, processes.
standbys=() others=()
others_end() {
  local one
  for one in "${others[@]}"; do kill "$one" 2>/dev/null || true; done
  for one in "${standbys[@]}"; do
    if [[ -s $one/postmaster.pid ]]; then server pg_ctl -D "$one" -m immediate stop >/dev/null 2>&1 || true; fi
  done
  others=() standbys=()
}
beside() {
  "$@" &
  others+=($!)
}
standby() {
  standbys+=("$dir/$1")
  quietly server pg_basebackup -h "$dir" -U postgres -D "$dir/$1" -c fast -X stream -R -C -S "$1"
  # As schema/postgres/REPLICAS.md says.
  printf "cluster_name = '%s'\nport = %s\nhot_standby_feedback = on\nprimary_slot_name = '%s'\n" "$1" "$2" "$1" >>"$dir/$1/postgresql.auto.conf"
  quietly server pg_ctl -D "$dir/$1" -l "$dir/$1.log" -w -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c port=$2 -c cluster_name=$1" start
}
free_port() { python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"; }
# eventually WHAT COMMAND...: within half a minute
eventually() {
  local _
  for _ in $(seq 150); do
    if "${@:2}" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  fail "$1 did not happen"
}
