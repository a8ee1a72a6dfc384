# To be sourced by run: what the parts share.
#   hq DATABASE VERB...            lintel-hq, there
#   says CODE TEXT COMMAND...      it ends with the code and says the text, on either output
#   answers CODE EXPRESSION COMMAND...   it ends with the code, and of its JSON document, d, the Python expression is true
#   copy NAME                      a new database like the shipped one
#   finds CHECK OBJECT DATABASE [OPTION...]   the check of the audit finds the object

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

planted=0 parts=()
finds() {
  answers 1 "any(f['check'] == '$1' and '''$2''' in f['object'] and f['evidence'] and f['advice'] for f in d['findings'])" \
    hq "$3" audit --check "$1" "${@:4}"
  planted=$((planted + 1))
}
