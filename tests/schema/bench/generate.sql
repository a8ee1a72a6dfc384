-- Fills an empty central database with a fleet: a chain whose stores hang in a tree of five levels, small
-- organizations beside it, sensors, users, readings and roll-ups. Set-based; the same sizes give the same fleet.
-- Only as a superuser, and only on a throw-away database: triggers are off while the configuration is loaded.
-- psql variables, here the full size (by reckoning some 60 GB):
--   -v stores=20000 -v others=999 -v sensors=5      a chain, organizations of one store, sensors a store
--   -v long_sensors=200 -v long_days=395            sensors with a reading a minute for that long
--   -v dense_minutes=1440                           minutes of readings of every sensor
--   -v hourly_days=90 -v daily_days=90              days of roll-ups of every sensor
-- Roll-ups are filled by themselves: they are as many as the readings would give, but do not add up to them.
-- Users (subjects of tokens) 00000000-0000-4000-8000-00000000000N: 1 has one store, 2 a store in eighty,
-- 3 one in four, 4 all of the chain, 5 none.
\set ON_ERROR_STOP on
set client_min_messages = warning;

-- Everything lies before today, so that "yesterday" has data whenever the bench runs.
create temp table fleet as
  select :stores::integer as stores, :others::integer as others, :sensors::integer as sensors,
         date_trunc('day', now(), 'UTC') as today;

-- The tree: 4 regions, 80 areas, 400 districts, 2,000 places to hang from, fewer where there are fewer stores.
insert into data.organizations (id, organization_id, name, settings) values (1, 1, 'Chain',
  '{"custom_metrics": {"busy_days": {"field": "count_in", "aggregate": "count", "comparison": {"operator": ">", "value": 500}}}}');
insert into data.organizations (id, organization_id, parent_id, level, name)
select distinct on (level, place) level * 10000 + place, 1,
       case level when 2 then 1 else (level - 1) * 10000 + above end, level, format('Node %s of level %s', place, level)
  from fleet, generate_series(0, stores - 1) as store
 cross join lateral (values (2, store * 4 / stores, 0), (3, store * 80 / stores, store * 4 / stores),
                            (4, store * 400 / stores, store * 80 / stores),
                            (5, store * 2000 / stores, store * 400 / stores)) as n (level, place, above)
 order by level, place;
insert into data.organizations (id, organization_id, name)
select 100000 + n, 100000 + n, 'Shop ' || n from fleet, generate_series(1, others) as n;

set session_replication_role = replica;
insert into data.stores (id, organization_id, node_id, name, timezone, calendar)
select n + 1, 1, 50000 + n * 2000 / stores, 'Store ' || n + 1, 'Europe/Berlin', private.calendar_of('Europe/Berlin', 0) from fleet, generate_series(0, stores - 1) as n
union all
select stores + n, 100000 + n, 100000 + n, 'Store of shop ' || n, 'America/New_York', private.calendar_of('America/New_York', 0) from fleet, generate_series(1, others) as n;
insert into data.gateways (id, organization_id, store_id, name)
select id, organization_id, id, name || ' gateway' from data.stores;
-- Sensor k of store s is number s * 100 + k, with slot k; every fiftieth is offline, with an alert.
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name, model, lifecycle, status, last_data_received)
select t.id * 100 + k, t.organization_id, t.id, t.id, 'S' || t.id * 100 + k, 'Door ' || k, 'bench', 'active', (case when (t.id * f.sensors + k) % 50 = 0 then 'offline' else 'online' end)::data.health_status, now()
  from data.stores t, fleet f, generate_series(1, f.sensors) as k;
insert into private.slots (store_id, slot, sensor_id, regional, label, seq)
select store_id, id % 100, id, false, '1', 0 from data.sensor_metadata;
insert into data.alerts (organization_id, store_id, gateway_id, sensor_id, kind, dedup_key, severity, message, opened_at)
select m.organization_id, m.store_id, m.gateway_id, m.id, 'sensor_offline', 'sensor_offline:' || m.id, 'warning', 'Sensor "' || m.name || '" has been silent', now() - m.id % 1000 * interval '1 minute'
  from data.sensor_metadata m where m.status = 'offline';
set session_replication_role = origin;
-- The long series are sensors of the stores from the end of the chain backwards.
create temp table long_series as
  select row_number() over (order by store_id desc, id) as n, organization_id::integer, store_id, id as sensor_id, (id % 100)::smallint as slot
    from data.sensor_metadata where organization_id = 1
   order by n limit :long_sensors;

insert into data.user_profiles (id, organization_id, role, node_ids, store_ids) values
  ('00000000-0000-4000-8000-000000000001', 1, 'store_staff', '{}', '{1}'),
  ('00000000-0000-4000-8000-000000000002', 1, 'regional_manager', '{30000}', '{}'),
  ('00000000-0000-4000-8000-000000000003', 1, 'regional_manager', '{20000}', '{}'),
  ('00000000-0000-4000-8000-000000000004', 1, 'organization_administrator', '{}', '{}'),
  ('00000000-0000-4000-8000-000000000005', 1, 'store_staff', '{}', '{}');
analyze data.organizations, data.stores, data.gateways, data.sensor_metadata, data.alerts, private.slots;

-- Readings, a month at a time in the order of the key.
insert into data.people_counting_raw
  (organization_id, store_id, slot, sensor_id, line, started_at, duration_ms, count_in, count_out, epoch, received_at)
select l.organization_id, l.store_id, l.slot, l.sensor_id, '1', at, 60000, (random() * 4)::integer, (random() * 4)::integer, 1, at + interval '1 minute'
  from fleet f
 cross join lateral (select d as from_at, least(d + interval '1 month', f.today - interval '1 day') as to_at
                       from generate_series(f.today - :long_days * interval '1 day', f.today - interval '1 day', interval '1 month') as d) as month,
       long_series l, generate_series(from_at, to_at - interval '1 minute', interval '1 minute') as at;
insert into data.people_counting_raw
  (organization_id, store_id, slot, sensor_id, line, started_at, duration_ms, count_in, count_out, epoch, received_at)
select s.organization_id, s.store_id, s.id % 100, s.id, '1', at, 60000, (random() * 4)::integer, (random() * 4)::integer, 1, at + interval '1 minute'
  from fleet f, data.sensor_metadata s,
       generate_series(f.today - :dense_minutes * interval '1 minute', f.today - interval '1 minute', interval '1 minute') as at
 where at >= f.today - interval '1 day';

-- Roll-ups of the days before today.
insert into data.hourly_analytics
  (organization_id, store_id, sensor_id, line, hour_at, count_in, count_out, readings, updated_at)
select s.organization_id, s.store_id, s.id, '1', at, (random() * 200)::integer, (random() * 200)::integer, 60, at + interval '1 hour'
  from fleet f, generate_series(1, :hourly_days) as back, data.sensor_metadata s, generate_series(0, 23) as hour,
       lateral (select f.today - back * interval '1 day' + hour * interval '1 hour' as at) as t;
insert into data.daily_analytics
  (organization_id, store_id, sensor_id, line, day, count_in, count_out, readings, updated_at)
select s.organization_id, s.store_id, s.id, '1', (f.today at time zone 'UTC')::date - back, (random() * 3000)::integer, (random() * 3000)::integer, 1440, f.today
  from fleet f, generate_series(1, :daily_days) as back, data.sensor_metadata s;
analyze data.people_counting_raw, data.hourly_analytics, data.daily_analytics, data.user_profiles;
analyze data.organizations;
-- As of now, as the job that refreshes them would have left them.
select private.refresh_analytics() \g /dev/null
drop table long_series, fleet;
