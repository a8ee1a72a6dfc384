-- Two chains with eight stores for schema/run: four weeks of readings, brought by the function that gateways call.
\set ON_ERROR_STOP on
set client_min_messages = warning;
select setseed(0.42) \g /dev/null
select private.set_signing_key('', repeat('demo', 8)) \g /dev/null

create temp table places (chain text, store text, zone text, doors integer);
insert into places values
  ('Corner Bakery', 'Main street 1', 'Europe/Berlin', 2), ('Corner Bakery', 'Station', 'Europe/Berlin', 3), ('Corner Bakery', 'Harbour', 'Europe/Lisbon', 2),
  ('Corner Bakery', 'Old town', 'Europe/Berlin', 2), ('Corner Bakery', 'Airport', 'Europe/Berlin', 4),
  ('Silk Road Shoes', 'Galleria', 'Europe/Istanbul', 2), ('Silk Road Shoes', 'Bazaar', 'Europe/Istanbul', 3), ('Silk Road Shoes', 'Bridge', 'Europe/Istanbul', 2);

create function pg_temp.fill(place places) returns void
language plpgsql as $$
declare
  made   record;
  series jsonb;
  answer jsonb;
begin
  select * into made from private.add_store(place.chain, place.store, place.zone);
  series := (
    select jsonb_agg(jsonb_build_object(
             'sensor', md5(place.store || door)::uuid, 'line', 'entrance', 'step', 300000, 'dur', 300000,
             't', extract(epoch from ((current_date - day) + time '09:00') at time zone place.zone)::bigint * 1000,
             'in', counts.entering, 'out', counts.leaving))
      from generate_series(1, place.doors) as door, generate_series(1, 28) as day
     -- Most come at noon, and more towards the weekend.
     cross join lateral (
       select string_agg(round(n.busy * random())::text, ',') as entering, string_agg(round(n.busy * random())::text, ',') as leaving
         from (select door * (2 + 6 * sin(pi() * k / 132)) * (1 + 0.1 * extract(isodow from current_date - day)) as busy from generate_series(1, 132) as k) as n) as counts);
  perform set_config('request.jwt.claims', jsonb_build_object('role', 'lintel_gateway', 'sub', made.gateway_public_id)::text, false);
  set local role lintel_gateway;
  answer := api.gateway_sync_v1(jsonb_build_object(
    'v', 1, 'epoch', 'demo', 'version', '1.4.0', 'config_version', 0, 'after', 0, 'to', 132 * 28 * place.doors, 'series', series, 'health', '{"backlog": 0}'::jsonb,
    'sensors', (select jsonb_agg(jsonb_build_object('id', md5(place.store || door)::uuid, 'serial', format('%s-%s', upper(left(place.store, 3)), door), 'name', 'Door ' || door, 'model', 'demo'))
                  from generate_series(1, place.doors) as door)));
  reset role;
  if answer -> 'rejected' is distinct from '[]' then
    raise exception 'headquarters refused the readings of %: %', place.store, answer;
  end if;
end $$;
select pg_temp.fill(p) from places p \g /dev/null

-- People: one who sees a whole chain, one who sees two stores of it.
insert into data.user_profiles (id, organization_id, role, display_name)
select md5('chief ' || name)::uuid, id, 'organization_administrator', 'Chief of ' || name from data.organizations where parent_id is null;
insert into data.user_profiles (id, organization_id, role, store_ids, display_name)
select md5('staff')::uuid, o.id, 'store_staff', array(select s.id from data.stores s where s.organization_id = o.id order by s.id limit 2), 'Ann' from data.organizations o where o.name = 'Corner Bakery';

update data.organizations set settings = '{"custom_metrics": {"busy_days": {"field": "count_in", "aggregate": "count", "bucket": "day", "comparison": {"operator": ">", "value": 500}}}}'
 where parent_id is null;

-- Two stores fell silent: one four hours ago, soon after an update.
update data.gateways g set last_seen_at = now() - interval '4 hours', offline_since = now() - interval '4 hours', status = 'offline', version = '1.5.0', version_since = now() - interval '5 hours'
  from data.stores s where s.id = g.store_id and s.name = 'Airport';
update data.gateways g set last_seen_at = now() - interval '2 days', offline_since = now() - interval '2 days', status = 'offline'
  from data.stores s where s.id = g.store_id and s.name = 'Bridge';

-- A month that nobody has to keep any more.
select private.add_partition('people_counting_raw', date_trunc('month', now() - interval '16 months'), date_trunc('month', now() - interval '15 months')) \g /dev/null
insert into data.people_counting_raw (started_at, received_at, duration_ms, organization_id, store_id, sensor_id, count_in, count_out, epoch, slot, line)
select date_trunc('month', now() - interval '16 months') + n * interval '5 minutes', now() - interval '15 months', 300000, t.organization_id, t.store_id, t.sensor_id, n % 7, n % 5, 1, t.slot, t.label
  from (select s.organization_id, x.* from private.slots x join data.stores s on s.id = x.store_id) as t, generate_series(0, 2999) as n;

call private.watch_fleet();
select private.refresh_analytics() \g /dev/null
create extension pg_stat_statements;
analyze;
select format('%s organizations, %s stores, %s sensors, %s readings', (select count(*) from data.organizations where parent_id is null), (select count(*) from data.stores),
              (select count(*) from data.sensor_metadata), (select count(*) from data.people_counting_raw));
