step "audit data: what gateways sent has no findings"
copy facts
sql -d facts >/dev/null <<SQL
\ir $here/pgtap/setup.psql
select pg_temp.become_store('north');
select pg_temp.sync(0, 30, (select jsonb_agg(pg_temp.reading(date_trunc('hour', now()) - n * interval '7 minutes', n)) from generate_series(1, 30) n));
select pg_temp.become_store('south', 'Asia/Kolkata');
select pg_temp.sync(0, 30, (select jsonb_agg(pg_temp.reading(date_trunc('hour', now()) - n * interval '11 minutes', n)) from generate_series(1, 30) n));
insert into data.user_profiles (id, organization_id, role, store_ids) select '00000000-0000-4000-8000-000000000001', organization_id, 'store_staff', array[id] from data.stores where name = 'north';
commit;
SQL
sql -d facts -c "select private.refresh_analytics()" -o /dev/null
answers 0 "len(d['checks']) >= 10 and not d['findings']" hq facts audit data

step "audit data: planted faults"
sql -d facts <<'SQL'
set session_replication_role = replica;
create temp table it as select s.id as store, s.organization_id as tenant, m.id as sensor, t.slot from data.stores s
  join data.sensor_metadata m on m.store_id = s.id and m.serial = 'A' join private.slots t on t.sensor_id = m.id where s.name = 'north';
create function pg_temp.put(slot integer, at timestamptz, dur bigint, counted integer, flags integer default 0, tenant bigint default null) returns void language sql as $$
  insert into data.people_counting_raw (started_at, received_at, duration_ms, organization_id, store_id, sensor_id, count_in, count_out, epoch, flags, slot, line)
  select at, now(), dur, coalesce(put.tenant, it.tenant), it.store, it.sensor, counted, 0, 1, flags, put.slot, '1' from it $$;
do $$ begin
  perform pg_temp.put(999, now() - interval '2 days', 60000, 1, 2);                       -- no such slot
  perform pg_temp.put(slot, now() - interval '50 hours', 60000, 1, 2, 999) from it;       -- another tenant's
  perform pg_temp.put(slot, now() - interval '30 hours', 600000, 1) from it;              -- two at once
  perform pg_temp.put(slot, now() - interval '29 hours 55 minutes', 600000, 1) from it;
  perform pg_temp.put(slot, now() - interval '20 hours', 60000, 5000) from it;            -- 83 a second
  perform pg_temp.put(slot, now() + interval '2 hours', 60000, 1, 2) from it;             -- ahead
  perform pg_temp.put(slot, now() - interval '40 hours', 60000, 3) from it;               -- while down
end $$;
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, updated_at) select tenant, store, 777777, '1', current_date, 1, now() from it;
insert into data.hourly_analytics (organization_id, store_id, sensor_id, line, hour_at, count_in, updated_at) select tenant, store, sensor, '1', date_trunc('hour', now()) - interval '5 days', 90000, now() from it;
insert into data.user_profiles (id, organization_id, role, node_ids, store_ids) select '00000000-0000-4000-8000-000000000002', tenant, 'store_staff', '{424242}', '{434343}' from it;
insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, capacity) select tenant, store, sensor, 'hall', 'Hall', 5 from it;
insert into private.slots (store_id, slot, sensor_id, regional, label, seq) select store, 900, sensor, true, 'hall', 0 from it;
insert into data.regional_counting_raw (started_at, received_at, organization_id, store_id, sensor_id, occupancy, epoch, slot, region) select now() - interval '1 hour', now(), tenant, store, sensor, 51, 1, 900, 'hall' from it;
update data.gateways set last_seen_at = now() + interval '3 hours' where store_id = (select store from it);
insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision)
select store, sensor, regional, label, from_at, to_at, state, 1, 1 from it, (values
  (false, '1', now() - interval '41 hours', now() - interval '39 hours', 'down'), (false, 'x', now() - interval '5 hours', now() - interval '3 hours', 'counting'),
  (false, 'x', now() - interval '4 hours', now() - interval '2 hours', 'counting'), (false, 'y', now(), now() + interval '3 days', 'counting')) as c (regional, label, from_at, to_at, state);
update data.stores set timezone = 'Europe/Atlantis' where name = 'south';
insert into data.stores (organization_id, node_id, name, deleted_at, calendar) select tenant, tenant, 'closed', now() - interval '1 day', calendar from it join data.stores on id = store;
insert into data.alerts (organization_id, store_id, kind, dedup_key, severity, message, opened_at) select s.organization_id, s.id, 'no_people', 'no_people', 'info', 'm', now() - interval '2 days' from data.stores s where s.name = 'closed';
insert into private.slots (store_id, slot, sensor_id, regional, label, seq) select (select id from data.stores where name = 'closed'), n, sensor, false, 'l' || n, 0 from it, generate_series(1, 30001) n;
SQL
finds facts data <<'FAULTS'
orphans data.people_counting_raw
orphans data.daily_analytics
orphans private.slots
tenants data.people_counting_raw
lost_memberships user 00000000-0000-4000-8000-000000000002
overlapping_readings line "1"
impossible_counts line "1"
impossible_counts hours of store
crowded_regions region "Hall"
future_readings store 
clocks data.gateways
coverage "x"
coverage "1"
coverage "y"
rollups line "1"
watch alert no_people
watch store 
FAULTS
answers 1 "any('Atlantis' in f['evidence'] for f in d['findings']) and any('of 32767' in f['evidence'] for f in d['findings'])" hq facts audit --check data/watch
answers 1 "'424242' in d['findings'][0]['evidence'] and '434343' in d['findings'][0]['evidence']" hq facts audit --check data/lost_memberships
answers 1 "d['findings'][0]['evidence'].startswith('1 readings begin')" hq facts audit --check data/overlapping_readings
answers 0 "not d['findings']" hq facts audit --check data/impossible_counts --days 0
