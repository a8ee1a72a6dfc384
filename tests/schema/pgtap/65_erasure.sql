\ir setup.psql
select plan(53);

-- Every table of data, private and partitions with a row that contains a text.
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

-- A person.
insert into data.organizations (id, name, level) values (965001, 'Chain', 1), (965002, 'Stays', 1);
insert into data.stores (id, organization_id, node_id, name) values (965101, 965001, 965001, 'a'), (965102, 965002, 965002, 'b');
insert into data.user_profiles (id, organization_id, role, display_name) values
  ('96500000-aaaa-0000-0000-000000000001', 965001, 'organization_administrator', 'Erika Mustermann'), ('96500000-aaaa-0000-0000-000000000002', 965001, 'auditor', 'Max Mustermann');
select set_config('request.jwt.claims', '{"role": "authenticated", "sub": "96500000-aaaa-0000-0000-000000000001"}', true) \g /dev/null
set local role authenticated;
update api.stores set name = 'renamed', metadata = '{"contact": "96500000-aaaa-0000-0000-000000000001"}', owner_id = '96500000-aaaa-0000-0000-000000000001' where id = 965101;
update api.user_profiles set display_name = 'Max M.' where id = '96500000-aaaa-0000-0000-000000000002';
reset role;
select set_config('request.jwt.claims', '', true) \g /dev/null
insert into data.alerts (organization_id, store_id, kind, dedup_key, severity, message, opened_at, details) values (965001, 965101, 'x', 'x', 'info', 'seen by 96500000-aaaa-0000-0000-000000000001', now(), '{"by": ["96500000-aaaa-0000-0000-000000000001"]}');
select is(pg_temp.holding('96500000-aaaa-0000-0000-000000000001'), 'data.alerts, data.stores, data.user_profiles, partitions.audit_log', 'a person''s id stands in many places');

select throws_ok($$ delete from data.audit_log where organization_id = 965001 $$, '42501', 'audit_log_' || to_char(date_trunc('month', now()), 'YYYYMMDD') || ' is append-only', 'the audit log is append-only');
select set_config('lintel.erasing', 'on', true) \g /dev/null
select throws_ok($$ delete from data.audit_log where organization_id = 965001 $$, '42501', null, 'also for who sets the marker of an erasure without being the owner');
select set_config('lintel.erasing', 'off', true) \g /dev/null

select private.erase_user('96500000-aaaa-0000-0000-000000000001') as counts \gset
select is(:'counts'::jsonb, '{"alerts": 2, "stores": 2, "user_profiles": 1, "audit_log": 2, "audit_log_redacted": 4}', 'erasing tells what it took from where');
select is(pg_temp.holding('96500000-aaaa-0000-0000-000000000001'), '', 'and leaves the id nowhere');
select is(pg_temp.holding('Erika'), '', 'nor the name');
select is((select count(*) from data.audit_log where organization_id = 965001 and table_name = 'stores' and new_values ->> 'name' = 'renamed' and actor = 'authenticated:00000000-0000-0000-0000-000000000000'), 1::bigint,
  'what the person did stays recorded, without the person');
select is((select message from data.alerts where store_id = 965101), 'seen by 00000000-0000-0000-0000-000000000000', 'other rows stay, without the id');
select is((select count(*) from data.user_profiles where organization_id = 965001), 1::bigint, 'other people too');
select is((select string_agg(requested_by || ' ' || (finished_at = now())::text || ' ' || (counts = :'counts'::jsonb)::text, ',') from private.erasures where user_hash = private.user_hash('96500000-aaaa-0000-0000-000000000001')), current_user || ' true true',
  'one tombstone says who, when and how much');
select throws_ok($$ delete from data.audit_log where organization_id = 965001 $$, '42501', null, 'afterwards the audit log is append-only again');
select is(private.erase_user('96500000-aaaa-0000-0000-000000000001'), '{"user_profiles": 0, "audit_log": 0, "audit_log_redacted": 0}', 'it may be repeated');
select is((select counts from private.erasures where user_hash = private.user_hash('96500000-aaaa-0000-0000-000000000001')), :'counts'::jsonb, 'and the tombstone stays one');
select throws_ok($$ select private.erase_user('96500000-aaaa-0000-0000-000000000009') $$, 'P0002', 'nothing is known of user 96500000-aaaa-0000-0000-000000000009', 'a stranger cannot be forgotten');
select throws_ok(format('select private.erase_user(%L)', id), 'P0002', format('nothing is known of user %s', coalesce(id, 'null')), 'nor can nobody') from (values (null), ('00000000-0000-0000-0000-000000000000')) as t (id);

-- A tenant with everything: readings, buckets, coverage, guards, alerts, regions, people, an archive.
select pg_temp.become_store('Stays too') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
select pg_temp.store() as stays \gset
select pg_temp.become_store('Goes') \g /dev/null
select pg_temp.sync(0, 100, (select jsonb_agg(pg_temp.reading(pg_temp.monday() + n * interval '10 minutes', n)) from generate_series(1, 50) n)
  || jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday()), 'occ', '3')
  || pg_temp.reading(pg_temp.monday(), 7, 2, jsonb_build_object('moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(pg_temp.monday() - interval '1 hour'))))),
  jsonb_build_object('coverage', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'spans', jsonb_build_array(jsonb_build_array(pg_temp.ms(pg_temp.monday()), pg_temp.ms(pg_temp.monday()) + 60000, 'counting')))))) \g /dev/null
select organization_id as tenant, public_id as store_public from data.stores where id = pg_temp.store() \gset
select public_id as tenant_public from data.organizations where id = :tenant \gset
insert into data.organizations (parent_id, name, level) values (:tenant, 'Node', 2);
insert into data.region_configurations (organization_id, store_id, sensor_id, region, name) select organization_id, store_id, id, 'R', 'R' from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A';
insert into data.alerts (organization_id, store_id, sensor_id, kind, dedup_key, severity, message, opened_at) select organization_id, store_id, id, 'x', serial, 'info', 'x', now() from data.sensor_metadata where store_id = pg_temp.store();
insert into data.user_profiles (id, organization_id, role, node_ids) values ('96500000-aaaa-0000-0000-000000000003', :tenant, 'organization_administrator', '{}');
select (private.archive_key(:tenant)).key_id \g /dev/null
select private.register_archive('people_counting_raw_20200101', :tenant, 's3', 'bucket/goes', 10, 1, repeat('a', 64)) \g /dev/null

-- Rows of the tenant in any table, found by its keys rather than by the list that erasure works through.
create function pg_temp.rows_of(tenant bigint, store integer) returns bigint
language plpgsql as $$
declare
  place record;
  n bigint;
  total bigint := 0;
begin
  for place in select c.oid::regclass as name, string_agg(distinct a.attname::text, ',') as keys from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname in ('organization_id', 'store_id') and not a.attisdropped
                where c.relkind in ('r', 'p') and c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relname <> 'erasures' group by c.oid loop
    execute format('select count(*) from %s where %s', place.name, case when place.keys ~ 'organization_id' then format('organization_id = %s', tenant) else format('store_id = %s', store) end) into n;
    total := total + n;
  end loop;
  return total;
end $$;
select pg_temp.rows_of(:tenant, pg_temp.store()) as before \gset
select pg_temp.rows_of((select organization_id from data.stores where id = :stays), :stays) as neighbours \gset
select ok(:before > 80, 'a tenant with rows in every table');
select throws_like(format('select private.erase_organization((select id from data.organizations where parent_id = %s))', :tenant), 'organization % is a node of tenant ' || :tenant, 'a node cannot be forgotten, only its tenant');
select throws_ok('select private.erase_organization(-1)', 'P0002', 'there is no organization -1', 'nor can a tenant that is not there');
select throws_ok(format('select private.erase_organization(%s, 0)', :tenant), '22023', 'batch is 0, but must be at least 1', 'nor by nothing at a time');

-- What the materialized views hold of the tenant, and what of it HQ and the tenant's people are shown.
select array_agg(id) as nodes from data.organizations where organization_id = :tenant \gset
create function pg_temp.in_views(tenant bigint, nodes bigint[]) returns text language sql as $$
  select concat_ws(' ', (select count(*) from private.store_daily where organization_id = tenant), (select count(*) from private.store_weekly where organization_id = tenant),
                   (select count(*) from private.sensor_uptime where organization_id = tenant), (select count(*) from private.node_daily where node_id = any (nodes)),
                   (select count(*) from private.fleet_summary where node_id = any (nodes))) $$;
create function pg_temp.shown(who text, person text, tenant bigint, nodes bigint[]) returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', person)::text, true);
  execute format('set local role %I', who);
  select concat_ws(' ', (select count(*) from api.store_daily where organization_id = tenant), (select count(*) from api.store_weekly where organization_id = tenant),
                   (select count(*) from api.sensor_uptime where organization_id = tenant), (select count(*) from api.node_daily where node_id = any (nodes)),
                   (select count(*) from api.fleet_summary where node_id = any (nodes)), (select count(*) from api.sensors_heard_least(1, 1000) where organization_id = tenant)) into answer;
  reset role;
  perform set_config('request.jwt.claims', '', true);
  return answer;
end $$;
select private.refresh_analytics(true) \g /dev/null
select is(pg_temp.in_views(:tenant, :'nodes'), '1 1 2 1 1', 'the materialized views know the tenant');
select is(pg_temp.shown('lintel_hq', null, :tenant, :'nodes'), '1 1 2 1 1 2', 'and HQ is shown it');
select set_config('request.jwt.claims', json_build_object('role', 'lintel_gateway', 'sub', current_setting('test.gateway'))::text, true) \g /dev/null

select finished as first_finished, counts as first_counts from private.erase_organization(:tenant, 20) \gset
select is(:'first_finished'::boolean, false, 'the first batch is not the last');
select is(:'first_counts'::jsonb, '{"people_counting_raw": 20}', 'and takes as many rows as it was told');
select is(pg_temp.sync(100, 101, '[]') ->> 'code', '42501', 'from then on the gateway is refused');
reset role;
select set_config('request.jwt.claims', '{"role": "authenticated", "sub": "96500000-aaaa-0000-0000-000000000003"}', true) \g /dev/null
set local role authenticated;
select is((select count(*) from data.stores) + (select count(*) from api.daily), 0::bigint, 'and the tenant''s people see nothing');
reset role;
select is(pg_temp.shown(who, person, :tenant, :'nodes'), '0 0 0 0 0 0', who || ' is shown nothing of what the materialized views still hold')
  from (values ('lintel_hq', null), ('authenticated', '96500000-aaaa-0000-0000-000000000003')) as t (who, person);
select is((select finished_at from private.erasures where organization_id = :tenant), null, 'the tombstone says that it is not finished');
create function pg_temp.batches(tenant bigint) returns integer language plpgsql as $$
begin
  for n in 1 .. 100 loop
    if (select finished from private.erase_organization(tenant, 20)) then
      return n;
    end if;
  end loop;
end $$;
select cmp_ok(pg_temp.batches(:tenant), '>', 3, 'batch by batch');
select is(pg_temp.rows_of(:tenant, pg_temp.store()), 0::bigint, 'no row of the tenant is left');
select is(pg_temp.holding(id), '', 'nor does its id stand anywhere') from (values (:'store_public'::text), ('96500000-aaaa-0000-0000-000000000003')) as t (id);
select is(pg_temp.in_views(:tenant, :'nodes'), '0 0 0 0 0', 'not even in a materialized view');
select ok((select refreshed_at = now() from private.refreshes where view_name = 'store_daily') and pg_temp.in_views((select organization_id from data.stores where id = :stays), '{}') like '1 1 2%', 'where the neighbour still is');
select is(pg_temp.holding(:'tenant_public'), 'private.erasures', 'but for the tombstone');
select is(pg_temp.rows_of((select organization_id from data.stores where id = :stays), :stays), :neighbours::bigint, 'the neighbour has lost nothing');
select is((select finished_at = now() and (counts ->> 'people_counting_raw')::integer = 51 and counts ->> 'archive_keys' = '1' and counts ? 'audit_log' from private.erasures where organization_id = :tenant), true, 'the tombstone counts what was taken from each table');
select is((select files from private.erasures where organization_id = :tenant), '[{"provider": "s3", "namespace": "bucket/goes"}]', 'and names the files that are noise without their key');
select is((select finished from private.erase_organization(:tenant)), true, 'once more finds nothing to do');

-- A restored backup brings both back.
select private.export_erasures() as tombstones \gset
select ok(:'tombstones' not like '%96500000-aaaa%', 'tombstones tell nobody''s id');
delete from private.erasures;
insert into data.user_profiles (id, organization_id, role, display_name) values ('96500000-aaaa-0000-0000-000000000001', 965001, 'organization_administrator', 'Erika Mustermann');
insert into data.organizations (id, public_id, name) values (:tenant, :'tenant_public', 'Goes');
insert into data.stores (organization_id, node_id, name) values (:tenant, :tenant, 'Goes');
select is_empty('select * from private.replay_erasures()', 'a backup from before the erasures knows of none');
select set_eq(format('select subject, finished from private.replay_erasures(%L)', :'tombstones'), format('values (''a person'', true), (%L, true)', 'organization ' || :tenant), 'the tombstones kept outside bring them about again');
select is(pg_temp.holding('96500000-aaaa-0000-0000-000000000001'), '', 'the person is forgotten');
select is(pg_temp.rows_of(:tenant, -1), 0::bigint, 'and the tenant');
select is_empty(format('select * from private.replay_erasures(%L)', :'tombstones'), 'a second time there is nothing to do');
insert into data.organizations (id, name) values (:tenant, 'Another');
select is_empty('select * from private.replay_erasures()', 'another tenant that was given the number is left alone');
insert into data.user_profiles (id, organization_id, role) values ('96500000-aaaa-0000-0000-000000000004', :tenant, 'organization_administrator');
select is(pg_temp.shown('authenticated', '96500000-aaaa-0000-0000-000000000004', :tenant, :'nodes'), '0 0 0 0 0 0', 'and is shown nothing of who had it before');
select is((select count(*) from data.organizations where id = :tenant), 1::bigint, 'it is still there');
select throws_ok($$ select * from private.replay_erasures('{}') $$, '22023', 'tombstones must be an array', 'tombstones that are none are refused');

-- Who was only an actor, with no profile any more, is found in the audit log.
insert into data.audit_log (organization_id, actor, action, table_name, row_id) values (965001, 'authenticated:96500000-aaaa-0000-0000-000000000007', 'update', 'stores', 'x');
insert into private.erasures (user_hash, requested_by) values (private.user_hash('96500000-aaaa-0000-0000-000000000007'), 'test');
select is((select counts from private.replay_erasures()), '{"user_profiles": 0, "audit_log": 0, "audit_log_redacted": 1}', 'an actor without a profile is found by trying ids');
select is(pg_temp.holding('96500000-aaaa-0000-0000-000000000007'), '', 'and forgotten');

select is_empty($$ select p.oid::regprocedure, r from pg_proc p, unnest(array['anon', 'authenticated', 'lintel_gateway', 'lintel_hq']) as r
   where p.pronamespace = 'private'::regnamespace and p.proname ~ 'erase|forget|archive|retention' and has_function_privilege(r, p.oid, 'execute') $$, 'none of this can be called from outside');

select * from finish();
rollback;
