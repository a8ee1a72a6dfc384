\ir setup.psql
select plan(14);
select pg_temp.become_store('conventions') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
insert into data.region_configurations (organization_id, store_id, sensor_id, region, name)
  select organization_id, store_id, id, 'hall', 'Hall' from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A';
insert into data.user_profiles (id, organization_id, role)
  select gen_random_uuid(), organization_id, 'auditor' from data.stores where id = pg_temp.store();

create temporary table entities (name text);
insert into entities values ('organizations'), ('stores'), ('gateways'), ('sensor_metadata'), ('user_profiles'), ('region_configurations');
create function pg_temp.columns(wanted text, of_type text) returns setof text
language sql as $$
  select c.table_name::text from information_schema.columns c
   where c.table_schema = 'data' and c.column_name = wanted and c.is_nullable = 'NO' and c.data_type = of_type;
$$;
select ok((select array_agg(name) <@ array(select pg_temp.columns('created_at', 'timestamp with time zone')) from entities), 'every entity says when it was made');
select ok((select array_agg(name) <@ array(select pg_temp.columns('updated_at', 'timestamp with time zone')) from entities), 'and when it changed');
select ok((select array_agg(name::text) <@ array(select table_name::text from information_schema.columns
   where table_schema = 'data' and column_name = 'deleted_at' and is_nullable = 'YES') from entities), 'and can be deleted while history refers to it');
select ok((select array_agg(name) <@ array(select pg_temp.columns('metadata', 'jsonb')) from entities), 'every entity has room for free data');
select ok((select array_agg(name) <@ array(select pg_temp.columns('settings', 'jsonb')) from entities), 'and for configuration');
select is_empty($$ select table_name, column_name from information_schema.columns where table_schema = 'data' and data_type = 'jsonb'
   and column_name in ('metadata', 'settings', 'details', 'health') and (is_nullable = 'YES' or column_default <> '''{}''::jsonb') $$,
  'free data and configuration are objects from the start, never null');
select is_empty($$ select table_name, column_name from information_schema.columns
   where table_schema in ('data', 'private') and data_type in ('timestamp without time zone', 'time with time zone', 'json', 'money', 'character varying', 'character') $$,
  'one type for an instant, one for text, one for JSON');

-- Whoever writes updated_at by hand is overruled.
create function pg_temp.overruled(name text) returns boolean
language plpgsql as $$
declare
  at timestamptz;
begin
  execute format('update data.%I set metadata = ''{"changed": true}'', updated_at = ''2001-01-01'' '
                 'where ctid = (select max(ctid) from data.%1$I) returning updated_at', name) into strict at;
  return at = now();
end $$;
select is_empty($$ select name from entities where not pg_temp.overruled(name) $$, 'a change of configuration is dated by the database');
select lives_ok($$ update data.gateways set updated_at = '2001-01-01', status = 'degraded', last_seen_at = now() where store_id = pg_temp.store() $$, 'liveness is written');
select isnt((select updated_at from data.gateways where store_id = pg_temp.store()), now(), 'and is no change of configuration');

select set_eq($$ select typname::text || ': ' || array_to_string(enum_range, ' ') from pg_type t,
    lateral (select array_agg(enumlabel order by enumsortorder) as enum_range from pg_enum where enumtypid = t.oid) as e
   where typnamespace = 'data'::regnamespace and typtype = 'e' $$,
  array['lifecycle: draft planning active review completed cancelled archived',
        'health_status: online degraded offline unknown disabled', 'alert_state: open acknowledged resolved'],
  'three enums: a person''s decision, a device''s health, an alert''s progress');
select is_empty($$ select table_name, column_name from information_schema.columns
   where table_schema = 'data' and column_name ~ '(password|passwd|secret|token|hash|salt|otp|session)' $$, 'no business table holds a credential');

-- Append-mostly tables are vacuumed and analyzed at 5 %, the partitions of today like those of next year.
select private.ensure_partitions(now() + interval '1 year') \g /dev/null
select is_empty($$ select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'partitions' and c.relkind = 'r' and not coalesce(c.reloptions, '{}')
         @> array['autovacuum_vacuum_insert_scale_factor=0.05', 'autovacuum_analyze_scale_factor=0.05'] $$,
  'every partition is vacuumed and analyzed after 5 % of growth');
select is_empty($$ select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname in ('data', 'partitions', 'private') and c.relkind in ('r', 'p')
     and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) $$, 'every table has a primary key');

select * from finish();
rollback;
