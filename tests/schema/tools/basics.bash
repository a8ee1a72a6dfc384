step "help, usage, what cannot be reached"
for verb in deploy verify fleet enrol partitions audit health capacity perf; do
  says 0 "example" "$hq_program" help "$verb"
  [[ -z $("$hq_program" help "$verb" | awk 'length > 80') ]] || fail "the help of $verb is wider than 80 columns"
done
says 2 "did you mean fleet?" "$hq_program" fleat
says 2 "did you mean --all?" hq shipped fleet --al
says 2 "unexpected argument \"extra\"" hq shipped fleet extra
says 3 "cannot reach the database" "$hq_program" fleet --db "host=$dir/nowhere dbname=x"
says 2 "~/.pgpass" "$hq_program" fleet --db "postgresql://me:secret@localhost/x"
[[ $("$hq_program" fleet --db "postgresql://me:secret@localhost/x" 2>&1) != *secret* ]] || fail "a password was repeated"
createdb empty
says 2 "lintel-hq deploy" hq empty fleet
says 2 "nothing of the schema is deployed" hq empty verify
says 2 "apt-get install sqitch" env PATH=/nowhere "$hq_program" deploy --db "host=$dir dbname=empty"
says 2 "there is no sqitch.plan" hq empty deploy --schema "$dir"

step "deploy, into an empty database"
says 0 "0 changes were deployed before" hq empty deploy
answers 0 "d['verified']" hq empty verify

step "deploy again, verify"
answers 0 "d['complete'] and d['changes_before'] == d['changes_after'] > 50" hq shipped deploy
copy broken
PGPASSWORD=hidden answers 0 "d['verified'] and 'hidden' not in str(d)" hq shipped verify
grep -q hidden "$dir/err" && fail "a password was said"
sql -d broken -c "drop view api.fleet_health"
answers 1 "not d['verified']" hq broken verify

step "which stores are blind"
copy fleet
says 0 "0 of 0 stores are blind" hq fleet fleet
sql -d fleet <<'SQL'
select private.add_store('Chain', name, 'Europe/Berlin') from unnest('{North,South,East,West}'::text[]) as name \g /dev/null
update data.gateways set last_seen_at = now(), version = '2.0' where name like 'North%';
update data.gateways set last_seen_at = now() - interval '5 hours', offline_since = now() - interval '5 hours', status = 'offline', version = '2.1', version_since = now() - interval '6 hours' where name like 'South%';
update data.gateways set deleted_at = now() where name like 'West%';
SQL
says 1 "3 of 4 stores are blind" hq fleet fleet
answers 1 "d['blind'] == 3 and {s['store']: s['reason'] for s in d['list']} == {'South': 'gateway_silent', 'East': 'gateway_never_seen', 'West': 'no_gateway'}" hq fleet fleet
answers 1 "[s for s in d['list'] if s['store'] == 'South'][0]['blind_seconds'] in range(17990, 18100) and d['list'][0]['version'] == '2.1'" hq fleet fleet
answers 1 "len(d['list']) == 4 and d['platform']['partition_reserve_days'] > 30" hq fleet fleet --all
[[ -z $(hq fleet fleet --all | awk 'length > 84') ]] || fail "the table is wider than a terminal"
root=$(sql -At -d fleet -c "select public_id from data.organizations")
answers 1 "d['stores'] == 4" hq fleet fleet --organization "$root"
answers 0 "d['stores'] == 0" hq fleet fleet --organization 00000000-0000-4000-8000-000000000000

step "a token for a card"
says 2 "no key to sign" hq fleet enrol North
sql -d fleet -c "select private.set_signing_key('', repeat('k', 32))" -o /dev/null
says 1 "there is no store \"Nowhere\"" hq fleet enrol Nowhere
says 2 "for which store" hq fleet enrol
token=$(hq fleet enrol North 2>"$dir/err")
[[ $token =~ ^([0-9a-f]{4}-){7}[0-9a-f]{4}$ ]] || fail "the token is $token"
grep -q "one card may become the gateway of \"North\"" "$dir/err" || fail "nobody said whose it is"
answer=$(sql -At -d fleet -c "select api.gateway_enroll_v1(jsonb_build_object('v', 1, 'token', '$token', 'secret', repeat('ab', 32)))")
[[ $answer == *'"jwt"'* ]] || fail "a card cannot enrol with it: $answer"
says 0 "The token is in" hq fleet enrol "Chain / South" --valid "2 days" --token-file "$dir/token"
[[ $(stat -c %a "$dir/token") == 600 && $(cat "$dir/token") == *-* ]] || fail "the file of the token"
says 2 "File exists" hq fleet enrol South --token-file "$dir/token"
says 1 "cannot be valid for 40 days" hq fleet enrol South --valid "40 days"
answers 0 "d['store']['name'] == 'East' and len(d['token']) == 39 and d['valid_until']" hq fleet enrol "$(sql -At -d fleet -c "select public_id from data.stores where name = 'East'")"
sql -d fleet -c "select private.add_store('Other', 'North', 'Europe/Berlin')" -o /dev/null
says 2 "2 stores are called \"North\"" hq fleet enrol North
