\ir setup.psql
select plan(36);

insert into data.organizations (id, name, level) values (963001, 'Chain', 1), (963002, 'Other', 1);
insert into data.organizations (id, parent_id, name, level) values (963011, 963001, 'North', 2), (963012, 963011, 'Coast', 3);
insert into data.stores (id, organization_id, node_id, name) values (963101, 963001, 963012, 'a'), (963102, 963001, 963001, 'b'), (963103, 963002, 963002, 'c');
insert into data.gateways (id, organization_id, store_id, name, status) select s.id, s.organization_id, s.id, 'g', 'online' from data.stores s where s.id between 963101 and 963103;
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name, status, created_at)
  select s.id, s.organization_id, s.id, s.id, 's', 's', 'offline', now() - interval '10 days' from data.stores s where s.id between 963101 and 963103;
insert into data.alerts (organization_id, store_id, kind, dedup_key, severity, message, opened_at) values (963001, 963101, 'x', 'x', 'critical', 'x', now());
insert into data.user_profiles (id, organization_id, role, node_ids, store_ids) values
  ('96300000-0000-0000-0000-000000000001', 963001, 'organization_administrator', '{}', '{}'), ('96300000-0000-0000-0000-000000000002', 963001, 'regional_manager', '{963011}', '{}'),
  ('96300000-0000-0000-0000-000000000003', 963001, 'store_staff', '{}', '{963102,963103}'), ('96300000-0000-0000-0000-000000000004', 963002, 'organization_administrator', '{}', '{}');
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, readings, updated_at)
  select s.organization_id, s.id, s.id, '1', current_date - d, 10, 5, now() from data.stores s, generate_series(0, 8) d where s.id between 963101 and 963103;
insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision)
  values (963101, 963101, false, '1', current_date - 1, current_date - 1 + interval '12 hours', 'counting', 1, 1);

create function pg_temp.outcomes() returns text language sql as $$ select string_agg(view_name || ' ' || outcome, ', ') from private.refresh_analytics() $$;
select is(pg_temp.outcomes(), 'store_daily refreshed, store_weekly refreshed, node_daily refreshed, sensor_uptime refreshed, fleet_summary refreshed', 'the first refresh brings all five up to date');
select is(pg_temp.outcomes(), 'store_daily unchanged, store_weekly unchanged, node_daily unchanged, sensor_uptime unchanged, fleet_summary unchanged', 'a second one finds nothing changed');
update data.gateways set status = 'offline' where id = 963102;
select is(pg_temp.outcomes(), 'store_daily unchanged, store_weekly unchanged, node_daily unchanged, sensor_uptime unchanged, fleet_summary refreshed', 'a gateway that fell silent changes the fleet only');
update data.daily_analytics set count_in = 11 where store_id = 963101 and day = current_date;
select is(pg_temp.outcomes(), 'store_daily refreshed, store_weekly refreshed, node_daily refreshed, sensor_uptime refreshed, fleet_summary unchanged', 'a changed day changes the figures only');
update private.refreshes set refreshed_at = refreshed_at - interval '1 day' where view_name = 'sensor_uptime';
select matches(pg_temp.outcomes(), 'node_daily unchanged, sensor_uptime refreshed', 'what looks back from today is refreshed on every new day');
select is((select string_agg(outcome, ',') from private.refresh_analytics(true)), 'refreshed,refreshed,refreshed,refreshed,refreshed', 'everything is refreshed when told to');
select is((select count(*) from private.refreshes where took_ms >= 0 and refreshed_at = now()), 5::bigint, 'when and how long is kept for each');
select is_empty($$ select c.relname from pg_class c where c.relnamespace = 'private'::regnamespace and c.relkind = 'm'
    and not exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null) $$, 'each view has a unique index');

-- Filtered.
create function pg_temp.sees(n integer, what text) returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', '96300000-0000-0000-0000-00000000000' || n)::text, true);
  execute format('set local role %I', case n when 0 then 'lintel_hq' else 'authenticated' end);
  begin
    execute format('select string_agg(x::text, '', '' order by x) from (%s) as q (x)', what) into answer;
  exception when insufficient_privilege then
    answer := 'denied';
  end;
  reset role;
  return answer;
end $$;
select is(pg_temp.sees(reader, format('select distinct store_id from api.%I where store_id between 963101 and 963103', name)), stores, format('%s: reader %s sees stores %s', name, reader, stores))
  from unnest(array['store_daily', 'store_weekly', 'sensor_uptime']) as name,
       (values (0, '963101, 963102, 963103'), (1, '963101, 963102'), (2, '963101'), (3, '963102'), (4, '963103'), (9, null)) as r (reader, stores);
select is(pg_temp.sees(reader, 'select format(''%s: %s'', node_id, count_in) from api.node_daily where day = current_date and node_id between 963001 and 963012'), nodes, format('node_daily: reader %s', reader))
  from (values (1, '963001: 21, 963011: 11, 963012: 11'), (2, '963011: 11, 963012: 11'), (3, null), (4, '963002: 10') ) as r (reader, nodes);
select is(pg_temp.sees(1, 'select format(''%s: %s stores, %s of %s gateways, %s sensors, %s alerts'', node_id, stores, gateways_online, gateways, sensors_offline, critical_alerts) from api.fleet_summary where node_id = 963001'),
  '963001: 2 stores, 1 of 2 gateways, 2 sensors, 1 alerts', 'fleet_summary adds up a subtree');
select is(pg_temp.sees(1, 'select format(''%s of %s, %s'', days_counted, days_known, coverage) from api.sensor_uptime where sensor_id = 963101'), '8 of 10, 0.5', 'sensor_uptime tells days heard and coverage');

-- No way around.
select is(pg_temp.sees(1, format('select count(*) from private.%I', name)), 'denied', name || ' itself is out of reach') from unnest(array['store_daily', 'node_daily']) as name;
create function pg_temp.leak(d date) returns boolean cost 0.0001 language plpgsql as $$ begin perform set_config('test.leaked', coalesce(current_setting('test.leaked', true), '') || 'x', true); return true; end $$;
grant execute on function pg_temp.leak(date) to authenticated;
create function pg_temp.leaked(n integer) returns integer language plpgsql as $$
begin
  perform set_config('test.leaked', '', true);
  perform pg_temp.sees(n, format('select count(*) from api.node_daily where pg_temp.leak(day) and node_id = 963001'));
  return length(current_setting('test.leaked'));
end $$;
select is(pg_temp.leaked(1), 9, 'a condition of the reader is asked about the reader''s own rows');
select is(pg_temp.leaked(4), 0, 'and about no others');

select * from finish();
rollback;
