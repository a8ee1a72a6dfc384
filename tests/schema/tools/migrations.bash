step "audit migrations: planted faults"
copy history
cp -r "$schema" "$dir/plan"
cd "$dir/plan"
sed -i 's/insert/INSERT/' deploy/tokens.sql
rm revert/tree.sql verify/targets.sql
echo "select 1;" >revert/archives.sql
printf '%s\n' "begin;" "do \$\$ begin raise exception 'cannot be reverted'; end \$\$;" "drop table x;" "commit;" >revert/erasure.sql
echo "-- nothing" >verify/activity.sql
echo "create table data.loose (id integer);" >>deploy/annotations.sql
sed -i '/notify pgrst/d' deploy/my_profile.sql
sed -i '1a -- Repeatable\ncreate table private.twice (id integer primary key);' deploy/denials.sql
sed -i '1a create table if not exists private.hidden (id integer primary key);' deploy/outbox.sql
sed -i 's/^tokens \[gateways\]/tokens [gateways fleet]/' sqitch.plan
sed -i '1a -- requires: stores' deploy/renewal.sql
cd - >/dev/null
sql -d history <<'SQL'
delete from sqitch.dependencies;
delete from sqitch.changes where change = 'views';
update sqitch.changes set committed_at = (select min(committed_at) - interval '1 second' from sqitch.changes) where change = 'rollups';
update sqitch.changes set change = 'from_elsewhere' where change = 'fleet_health';
alter table data.gateways alter version set not null;
alter table data.alerts add loudness integer;
SQL
finds history migrations --schema "$dir/plan" <<'FAULTS'
not_deployed views
out_of_order rollups
edited tokens
unknown from_elsewhere
not_reversible tree
not_reversible archives
not_reversible erasure
not_verified targets
not_verified activity
not_repeatable denials
hides_drift outbox
without_transaction annotations
without_transaction my_profile
requirements tokens
requirements renewal
drifted gateways.version
drifted alerts.loudness
FAULTS
createdb bare
answers 1 "'deployed nothing' in d['findings'][0]['evidence']" hq bare audit --check migrations/not_deployed
echo "$planted planted faults were found"
[[ $planted -ge 25 ]] || [[ ${#parts[@]} -lt 4 ]] || fail "only $planted faults were planted"

step "the shipped schema has none"
answers 0 "len(d['checks']) >= 40 and not d['findings']" hq shipped audit
