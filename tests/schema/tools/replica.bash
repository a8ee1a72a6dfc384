step "a streaming replica, as schema/postgres/REPLICAS.md sets it up"
standin=${LINTEL_STANDIN:?the path of postgrest_standin}
sql -d postgres -c "create role authenticator login noinherit" -c "grant anon, authenticated, lintel_gateway, lintel_hq to authenticator"
PGDATABASE=shipped sql -o /dev/null -f "$here/../../schema/demo/fleet.sql"
standby replica 5433
replica() { PGPORT=5433 sql -d shipped "$@"; }
# caught_up: the replica has replayed what is committed now.
caught_up() {
  local here
  here=$(sql -At -d shipped -c "select pg_current_wal_lsn()")
  eventually "the replica's replay of $here" test_replayed "$here"
}
test_replayed() { [[ $(replica -At -c "select pg_last_wal_replay_lsn() >= '$1'") == t ]]; }
caught_up
[[ $(replica -At -c "select pg_is_in_recovery()") == t ]] || fail "it is no replica"
hq_at_replica() { "$hq_program" "$1" --db "host=$dir port=5433 dbname=shipped" "${@:2}"; }

step "the documented queries there, as the people who may"
sql -At -d shipped -o "$dir/queries" <<SQL
\ir $here/../../schema/tools/sql/perf/documented.sql
select format('%s|%s', q.name, replace(replace(replace(replace(replace(q.query, '{store}', s.id::text), '{sensor}', m.id::text), '{from}', quote_literal(date_trunc('day', now()) - interval '1 day') || '::timestamptz'),
         '{to}', quote_literal(date_trunc('day', now())) || '::timestamptz'), '{day}', quote_literal(current_date - 1) || '::date'))
  from documented_queries q, (select min(id) as id from data.stores) as s join data.sensor_metadata m on m.store_id = s.id where m.serial like '%-1';
SQL
asked=0
while IFS='|' read -r name query; do
  for where in "" 5433; do
    PGPORT=${where:-5432} sql -At -d shipped -o "$dir/answer${where:-5432}" -c "begin read only" -c "set local role authenticated" \
      -c "select set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', md5('chief Corner Bakery')::uuid)::text, true)" \
      -c "select coalesce(string_agg(x::text, E'\n' order by x::text), '') from ($query) as x" -c "commit" 2>"$dir/err" || fail "$name at ${where:-5432}: $(cat "$dir/err")"
  done
  # Age in an answer goes on.
  cmp -s <(sed 's/[0-9][0-9]:[0-9][0-9]:[0-9.]*//g' "$dir/answer5432") <(sed 's/[0-9][0-9]:[0-9][0-9]:[0-9.]*//g' "$dir/answer5433") || fail "$name: the replica says something else: $(diff "$dir/answer5432" "$dir/answer5433" | head -n 5)"
  asked=$((asked + 1))
done <"$dir/queries"
echo "$asked documented queries, the same answers"
[[ $asked -ge 18 ]] || fail "only $asked queries"
who() { replica -At -c "begin read only" -c "set local role authenticated" -c "select set_config('request.jwt.claims', json_build_object('sub', $1)::text, true)" -c "select 'sees ' || count(*) from api.stores" -c commit | grep sees; }
[[ "$(who "md5('chief Corner Bakery')::uuid") $(who "md5('staff')::uuid") $(who "gen_random_uuid()")" == "sees 5 sees 2 sees 0" ]] || fail "policies are others there"
hq_at_replica health >"$dir/said" || true
grep -q "replication .*replica: at most" "$dir/said" || fail "lintel-hq health does not know that it is a replica: $(cat "$dir/said")"
answers 0 "[(r['kind'], r['name']) for r in d['replication']] == [('slot', 'replica'), ('standby', 'replica')]" hq shipped health replication
says 0 "this replica" hq_at_replica health replication

step "what writes is refused there, in words"
body='{"v": 1, "epoch": "late", "version": "test", "config_version": 0, "after": 0, "to": 1, "series": []}'
gateway=$(sql -At -d shipped -c "select public_id from data.gateways order by id limit 1")
if replica -c "begin" -c "set local role lintel_gateway" -c "select set_config('request.jwt.claims', '{\"role\": \"lintel_gateway\", \"sub\": \"$gateway\"}', true)" -c "select api.gateway_sync_v1('$body')" >/dev/null 2>"$dir/err"; then fail "a replica took counts"; fi
grep -q "this is a read replica of HQ's database, which takes no counts" "$dir/err" || fail "it said: $(cat "$dir/err")"

step "PostgREST's stand-in at the replica"
printf '%s' "demodemodemodemodemodemodemodemo" >"$dir/jwt"
chmod 644 "$dir/jwt"
beside "$standin" --db "host=$dir port=5433 user=authenticator dbname=shipped" --listen 127.0.0.1:0 --db-channel-enabled false --jwt-secret-file "$dir/jwt" >"$dir/standin.log" 2>&1
eventually "the start of the stand-in" grep -q '^listening on ' "$dir/standin.log"
url=$(sed -n 's/^listening on //p' "$dir/standin.log")
token() { sql -At -d shipped -c "select private.mint_gateway_token('$gateway', '1 hour')"; }
person() {
  python3 - "$1" <<'PYTHON'
import base64, hashlib, hmac, json, sys
text = lambda b: base64.urlsafe_b64encode(b).rstrip(b"=").decode()
head = text(b'{"alg":"HS256","typ":"JWT"}') + "." + text(json.dumps({"role": "authenticated", "sub": sys.argv[1], "exp": 4000000000}).encode())
print(head + "." + text(hmac.new(b"demo" * 8, head.encode(), hashlib.sha256).digest()))
PYTHON
}
ask() { curl -s -o "$dir/body" -w '%{http_code}' -H "Authorization: Bearer $1" -H "Content-Type: application/json" "${@:2}"; }
chief=$(person "$(sql -At -d shipped -c "select md5('chief Corner Bakery')::uuid")")
same() { [[ $1 == "$2" ]] || fail "$3: \"$1\" instead of \"$2\": $(cat "$dir/body")"; }
same "$(ask "$chief" "$url/stores?select=name")" 200 "people read there"
same "$(python3 -c "import json; print(len(json.load(open('$dir/body'))))")" 5 "stores a chief sees"
same "$(ask "$chief" "$url/rpc/analytics_unified?scope=organization&scope_id=x&from=2026-01-01&to=2026-01-02&granularity=day")" 400 "an unknown scope is refused by name there as well"
card=$(token)
caught_up
same "$(ask "$card" -d "$body" "$url/rpc/gateway_sync_v1")" 503 "a gateway's request"
grep -q '"PT503".*takes no counts' "$dir/body" || grep -q 'takes no counts.*"PT503"\|PT503' "$dir/body" || fail "it was told: $(cat "$dir/body")"
same "$(ask "$chief" -X PATCH -d '{"name": "other"}' "$url/stores?name=eq.Airport")" 405 "a change of configuration"

step "promoted, it takes the same request, sent again"
quietly server pg_ctl -D "$dir/replica" -w promote
eventually "its first write" replica -c "select private.new_history()"
same "$(ask "$card" -d "$body" "$url/rpc/gateway_sync_v1")" 200 "the gateway's request, tried again"
others_end
sql -d postgres -o /dev/null -c "select pg_drop_replication_slot('replica')"
