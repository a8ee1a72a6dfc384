# To be sourced by run: what the parts share.
#   hq DATABASE VERB...            lintel-hq, there
#   says CODE TEXT COMMAND...      it ends with the code and says the text, on either output
#   answers CODE EXPRESSION COMMAND...   it ends with the code, and of its JSON document, d, the Python expression is true
#   copy NAME                      a new database like the shipped one
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
