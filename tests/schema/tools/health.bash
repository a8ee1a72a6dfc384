step "how the database does"
copy health
sql -d health -o /dev/null <<'SQL'
create extension pg_stat_statements;
create role watcher login;
grant lintel_monitor to watcher;
select private.add_store('Chain', name, 'Europe/Berlin') from unnest('{North,South,East,West}'::text[]) as name;
update data.gateways set last_seen_at = now();
select private.evaluate_fleet();
SQL
says 0 "0 critical, 0 warnings" hq health health
answers 0 "len(d['checks']) == 17 and d['critical'] == 0 and all(c['advice'] and c['warning'] != c['critical'] for c in d['checks'])" hq health health
[[ -z $(hq health health | awk 'length > 84') ]] || fail "the table is wider than a terminal"
# state CHECK STATE: what lintel-hq health says of it.
state() { answers "$([[ $2 == warning || $2 == critical ]] && echo 1 || echo 0)" "[c['state'] for c in d['checks'] if c['check'] == '$1'] == ['$2']" hq health health; }
state backup unknown
restart_with "-c shared_preload_libraries=pg_stat_statements -c wal_level=replica -c archive_mode=on -c archive_command=/bin/true"
state backup unknown
"$bin/pg_basebackup" -h "$dir" -U postgres -D "$dir/copy" -c fast -X none 2>"$dir/err" || fail "$(cat "$dir/err")"
rm -rf "$dir/copy"
state backup ok
state archiving ok
restart_with "-c shared_preload_libraries=pg_stat_statements -c wal_level=replica -c archive_mode=on -c archive_command=/bin/false"
sql -d health -o /dev/null -c "select pg_switch_wal()"
for _ in $(seq 100); do [[ $(sql -At -d health -c "select failing from monitor.archiving") != t ]] || break; sleep 0.1; done
state archiving critical
says 1 "archive_command fails since" hq health health
restart_with "-c shared_preload_libraries=pg_stat_statements -c wal_level=replica"
sql -d health -c "update data.gateways set last_seen_at = now() - interval '2 hours', offline_since = now() - interval '2 hours'"
state ingest critical
state blind_stores critical
says 1 "lintel-hq fleet names them" hq health health
sql -d health -c "update data.gateways set last_seen_at = now(), offline_since = null"
sql -d health -o /dev/null -c "grant lintel_hq to current_user"
for _ in $(seq 20); do echo "select pg_sleep(0.21);"; done | sql -d health -o /dev/null -c "set role lintel_hq" -f -
state slow_queries warning
answers 0 "d['statements'][0]['role'] == 'lintel_hq' and d['statements'][0]['calls'] == 20 and d['statements'][0]['statement'] == 'select pg_sleep(\$1)'" hq health health slow
sql -d health -c "alter role watcher password 'nobody may see this'"
[[ $(sql -At -U watcher -d health -c "select count(*) from monitor.slow_queries where statement ~ 'nobody may'") == 0 ]] || fail "a password is shown"
says 0 "pg_sleep" sql -At -U watcher -d health -c "select statement from monitor.slow_queries"
says 0 "pg_sleep" hq health health slow --all --most 3
sql -d health -c "drop extension pg_stat_statements"
state slow_queries unknown
says 2 "shared_preload_libraries" hq health health slow
sql -d health -c "analyze"
answers 0 "len(d['relations']) == 5 and d['relations'][0]['wasted_bytes'] >= d['relations'][4]['wasted_bytes'] and d['relations'][0]['method'] == 'estimated from statistics'" hq health health bloat --most 5
says 2 "create extension pgstattuple" hq health health bloat --measured
sql -d health -c "create extension pgstattuple"
answers 0 "len(d['relations']) == 5 and 'measured' in d['relations'][0]['method']" hq health health bloat --measured --most 5
says 0 "neither a replica nor a slot" hq health health replication
says 2 "did you mean slow?" hq health health slov
says 2 "--measured belongs to health bloat" hq health health --measured
says 2 "lintel-hq deploy" hq postgres health

step "what each organization takes"
copy capacity
says 0 "It does not grow" hq capacity capacity --disk 100GB
sql -d capacity -o /dev/null <<'SQL'
select private.add_store('Chain A', 'A', 'Europe/Berlin'), private.add_store('Chain B', 'B', 'Europe/Berlin');
insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name) select organization_id, store_id, id, 'S', 'Door' from data.gateways;
insert into private.slots (store_id, slot, sensor_id, regional, label, seq) select store_id, 1, id, false, '1', 0 from data.sensor_metadata;
insert into data.people_counting_raw (started_at, received_at, duration_ms, organization_id, store_id, sensor_id, count_in, count_out, epoch, slot, line)
select date_trunc('day', now()) - interval '3 days' + n * interval '1 minute', now(), 60000, m.organization_id, m.store_id, m.id, 1, 1, 1, 1, '1'
  from data.sensor_metadata m join data.stores s on s.id = m.store_id, generate_series(0, case s.name when 'A' then 2999 else 999 end) n;
insert into data.daily_analytics (organization_id, store_id, sensor_id, day, line, count_in, count_out, readings, updated_at)
select r.organization_id, r.store_id, r.sensor_id, (r.started_at at time zone 'UTC')::date, r.line, sum(count_in), sum(count_out), count(*), now()
  from data.people_counting_raw r group by 1, 2, 3, 4, 5;
SQL
answers 0 "[(o['organization'], o['stores'], o['sensors'], o['readings_per_day'], o['raw_readings']) for o in d['organizations']] == [('Chain A', 1, 1, 1000, 3000), ('Chain B', 1, 1, 333, 1000)]" hq capacity capacity --disk 100GB
answers 0 "abs(d['organizations'][0]['raw_bytes'] - 3 * d['organizations'][1]['raw_bytes']) <= 3 and d['disk_bytes'] == 100 * 2 ** 30 and d['disk_said_by'] == '--disk' and d['days_left'] > 90 and d['full_on']" hq capacity capacity --disk 100GB
answers 1 "d['days_left'] == 0" hq capacity capacity --disk 10MB
sql -d capacity -c "update private.settings set value = '1099511627776' where key = 'disk_bytes'"
answers 0 "d['disk_bytes'] == 2 ** 40 and d['disk_said_by'] == 'setting disk_bytes'" hq capacity capacity
says 0 "Of the disk's 1.0 TB (setting disk_bytes)" hq capacity capacity
[[ -z $(hq capacity capacity | awk 'length > 84') ]] || fail "the table is wider than a terminal"
sql -d capacity -c "update private.settings set value = '0' where key = 'disk_bytes'"
hq capacity capacity >"$dir/said" || true
grep -q "(this machine)" "$dir/said" || fail "the disk of a server on this machine: $(cat "$dir/said")"
sql -d capacity -c "update private.settings set value = '1' where key = 'max_sensors_per_store'"
says 1 "a store has 1 of 1 sensors" hq capacity capacity --disk 1TB
says 2 "a size is wanted" hq capacity capacity --disk much
