\ir setup.psql
select plan(31);

-- A tenant with two stores, one of which goes: readings, buckets, coverage, guards, an alert with its mail, a region, a token, notes.
create function pg_temp.fill() returns void
language plpgsql as $$
begin
  perform pg_temp.sync(0, 100, (select jsonb_agg(pg_temp.reading(pg_temp.monday() + n * interval '10 minutes', n)) from generate_series(1, 50) n)
    || jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday()), 'occ', '3')
    || pg_temp.reading(pg_temp.monday(), 7, 2, jsonb_build_object('moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(pg_temp.monday() - interval '1 hour'))))),
    jsonb_build_object('coverage', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'spans', jsonb_build_array(jsonb_build_array(pg_temp.ms(pg_temp.monday()), pg_temp.ms(pg_temp.monday()) + 60000, 'counting'))))));
  insert into data.region_configurations (organization_id, store_id, sensor_id, region, name) select organization_id, store_id, id, 'R', 'R' from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A';
  insert into data.alerts (organization_id, store_id, sensor_id, kind, dedup_key, severity, message, opened_at) select organization_id, store_id, id, 'x', serial, 'info', 'x', now() from data.sensor_metadata where store_id = pg_temp.store();
  insert into private.outbox (organization_id, alert_id, event, channel, webhook, payload) select organization_id, id, 'opened', 'webhook', 'w', '{}' from data.alerts where store_id = pg_temp.store();
  insert into private.annotations (organization_id, store_id, day, note) select organization_id, id, current_date, 'door painted' from data.stores where id = pg_temp.store();
  perform private.issue_enrolment((select public_id from data.stores where id = pg_temp.store()));
end $$;
select pg_temp.become_store('Stays') \g /dev/null
select pg_temp.store() as stays \gset
select organization_id as tenant from data.stores where id = :stays \gset
select pg_temp.fill() \g /dev/null
select name as tenant_name from data.organizations where id = :tenant \gset
select store_id as goes, gateway_public_id as card from private.add_store(:'tenant_name', 'Goes', 'Europe/Berlin') \gset
select set_config('test.store', :'goes', true) \g /dev/null
select pg_temp.become_gateway(:'card') \g /dev/null
select pg_temp.fill() \g /dev/null
select public_id as goes_public from data.stores where id = :goes \gset
select is((select organization_id from data.stores where id = :goes), :tenant::bigint, 'two stores of one tenant');
insert into data.user_profiles (id, organization_id, role, store_ids) values ('97500000-aaaa-0000-0000-000000000001', :tenant, 'store_staff', array[:goes, :stays]);
insert into data.user_profiles (id, organization_id, role) values ('97500000-aaaa-0000-0000-000000000002', :tenant, 'organization_administrator');
select (private.archive_key(:tenant)).key_id \g /dev/null
select private.register_archive('people_counting_raw_20200101', :tenant, 's3', 'bucket/both', 10, 1, repeat('b', 64)) \g /dev/null
select private.refresh_analytics(true) \g /dev/null

-- Rows of a store in any table or view, found by what leads to it rather than by the list that erasure works through.
create function pg_temp.rows_of(store integer) returns bigint
language plpgsql as $$
declare
  place record;
  n bigint;
  total bigint := 0;
begin
  for place in select c.oid::regclass as name, array_agg(a.attname::text) as keys from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname in ('store_id', 'gateway_id', 'alert_id') and not a.attisdropped
                where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relname <> 'erasures' group by c.oid loop
    execute format('select count(*) from %s where %s', place.name,
                   case when 'store_id' = any (place.keys) then 'store_id = $1' when 'gateway_id' = any (place.keys) then 'gateway_id in (select id from data.gateways where store_id = $1)'
                        else 'alert_id in (select id from data.alerts where store_id = $1)' end) into n using store;
    total := total + n;
  end loop;
  return total;
end $$;
create function pg_temp.holding(needle text) returns text
language plpgsql as $$
declare
  place record;
  found_in text[] := '{}';
  hit boolean;
begin
  for place in select c.oid::regclass as name from pg_class c where c.relkind = 'r'
                  and c.relnamespace in ('data'::regnamespace, 'private'::regnamespace, 'partitions'::regnamespace) loop
    execute format('select exists (select from %s t where t::text ilike ''%%'' || $1 || ''%%'')', place.name) into hit using needle;
    if hit then
      found_in := found_in || regexp_replace(place.name::text, '_[0-9]{8}$', '');
    end if;
  end loop;
  return array_to_string(array(select distinct x from unnest(found_in) x order by x), ', ');
end $$;
create function pg_temp.shown(who text, person text, store integer) returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', person)::text, true);
  execute format('set local role %I', who);
  select concat_ws(' ', (select count(*) from api.stores where id = store), (select count(*) from api.store_daily where store_id = store),
                   (select count(*) from api.sensor_uptime where store_id = store)) into answer;
  reset role;
  perform set_config('request.jwt.claims', '', true);
  return answer;
end $$;
select pg_temp.rows_of(:stays) as neighbours \gset
select cmp_ok(pg_temp.rows_of(:goes), '>', 80::bigint, 'a store with rows in every table');
select ok((select count(*) = 2 from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = :goes) and (select count(*) = 1 from private.enrolments where store_id = :goes), 'mail and a token among them');
select is(pg_temp.shown(who, person, :goes), '1 1 2', who || ' is shown it') from (values ('lintel_hq', null), ('authenticated', '97500000-aaaa-0000-0000-000000000002')) as t (who, person);
select throws_ok('select private.erase_store(-1)', 'P0002', 'there is no store -1', 'a store that is not there cannot be forgotten');
select throws_ok(format('select private.erase_store(%s, 0)', :goes), '22023', 'batch is 0, but must be at least 1', 'nor by nothing at a time');

select finished as first_finished, counts as first_counts from private.erase_store(:goes, 20) \gset
select is(:'first_finished'::boolean, false, 'the first batch is not the last');
select is(:'first_counts'::jsonb, '{"people_counting_raw": 20}', 'and takes as many rows as it was told');
select pg_temp.become_gateway(:'card') \g /dev/null
select is(pg_temp.sync(100, 101, '[]') ->> 'code', '42501', 'from then on the gateway is refused');
select is(pg_temp.shown('authenticated', '97500000-aaaa-0000-0000-000000000002', :goes), '0 0 0', 'people see nothing of it');
select is((select store_ids from data.user_profiles where id = '97500000-aaaa-0000-0000-000000000001'), array[:stays], 'and who could see both sees the other one');
select is((select finished_at from private.erasures where store_id = :goes), null, 'the tombstone says that it is not finished');
create function pg_temp.batches(store integer) returns integer language plpgsql as $$
begin
  for n in 1 .. 100 loop
    if (select finished from private.erase_store(store, 20)) then
      return n;
    end if;
  end loop;
end $$;
select cmp_ok(pg_temp.batches(:goes), '>', 3, 'batch by batch');
select is(pg_temp.rows_of(:goes), 0::bigint, 'no row of the store is left, nor in a materialized view');
select is((select count(*) from data.stores where id = :goes), 0::bigint, 'nor the store');
select is(pg_temp.holding(:'goes_public'), 'private.erasures', 'its id stands in the tombstone only');
select is(pg_temp.holding(:'card'), 'private.denials', 'and its card''s among those who were denied only, since it knocked');
select is(pg_temp.rows_of(:stays), :neighbours::bigint, 'the tenant''s other store has lost nothing');
select is((select count(*) from private.archive_keys where organization_id = :tenant), 1::bigint, 'the tenant keeps its key');
select is((select finished_at = now() and organization_id = :tenant and (counts ->> 'people_counting_raw')::integer = 51 and counts ->> 'outbox' = '2' and counts ? 'audit_log' from private.erasures where store_id = :goes), true, 'the tombstone counts what was taken from each table');
select is((select files from private.erasures where store_id = :goes), '[{"provider": "s3", "namespace": "bucket/both"}]', 'and names the archives that may still hold its rows');
select is((select finished from private.erase_store(:goes)), true, 'once more finds nothing to do');

-- A restored backup brings it back.
select private.export_erasures() as tombstones \gset
delete from private.erasures;
insert into data.stores (id, organization_id, node_id, public_id, name) values (:goes, :tenant, :tenant, :'goes_public', 'Goes');
select set_eq(format('select subject, finished from private.replay_erasures(%L)', :'tombstones'), format('values (%L, true)', 'store ' || :goes), 'the tombstones kept outside forget it again');
select is((select count(*) from data.stores where id = :goes), 0::bigint, 'it is gone');
select is_empty(format('select * from private.replay_erasures(%L)', :'tombstones'), 'a second time there is nothing to do');
insert into data.stores (id, organization_id, node_id, name) values (:goes, :tenant, :tenant, 'Another');
select is_empty('select * from private.replay_erasures()', 'another store that was given the number is left alone');
select is((select count(*) from data.stores where id = :goes), 1::bigint, 'it is still there');

-- The tenant can be forgotten all the same, and has a tombstone of its own.
select lives_ok(format('select private.erase_organization(%s)', :tenant), 'a tenant that has lost a store can be forgotten');
select is((select finished from private.erase_organization(:tenant)), true, 'wholly');
select is((select string_agg(case when store_id is null then 'tenant' else 'store' end, ', ' order by id) from private.erasures where organization_id = :tenant), 'store, tenant', 'one tombstone for each');

select * from finish();
rollback;
