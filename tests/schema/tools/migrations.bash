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
migrations() { finds "migrations/$1" "$2" history --schema "$dir/plan"; }
migrations not_deployed views
migrations out_of_order rollups
migrations edited tokens
migrations unknown from_elsewhere
migrations not_reversible tree
migrations not_reversible archives
migrations not_reversible erasure
migrations not_verified targets
migrations not_verified activity
migrations not_repeatable denials
migrations hides_drift outbox
migrations without_transaction annotations
migrations without_transaction my_profile
migrations requirements tokens
migrations requirements renewal
migrations drifted gateways.version
migrations drifted alerts.loudness
createdb bare
answers 1 "'deployed nothing' in d['findings'][0]['evidence']" hq bare audit --check migrations/not_deployed
echo "$planted planted faults were found"
[[ $planted -ge 25 ]] || [[ ${#parts[@]} -lt 4 ]] || fail "only $planted faults were planted"

step "the shipped schema has none"
answers 0 "len(d['checks']) >= 40 and not d['findings']" hq shipped audit
