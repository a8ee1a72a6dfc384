-- A thousand idle syncs, each a transaction of its own as in life: only then can PostgreSQL tell what a rewritten row
-- costs. The one file here that commits; it takes away what it made, but for the audit entries of making and removing it.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
set client_min_messages = warning;
set search_path = public, pg_temp;
select plan(9);

select store_id as store, organization_id as tenant, gateway_public_id as gateway from private.add_store('Idle chain', 'idle', 'Europe/Berlin') \gset
select set_config('request.jwt.claims', json_build_object('sub', :'gateway')::text, false), set_config('test.store', :'store', false) \g /dev/null
create function pg_temp.body(more jsonb) returns jsonb
language sql as $$
  select jsonb_build_object('v', 1, 'epoch', 'idle', 'version', '1', 'after', 1, 'to', 1,
    'time', (extract(epoch from clock_timestamp()) * 1000)::bigint, 'health', jsonb_build_object('backlog', 0, 'n', random()),
    'liveness', (select jsonb_agg(jsonb_build_object('sensor', md5('idle' || n)::uuid, 'status', 'online', 'since', null,
                                                     'last', (extract(epoch from clock_timestamp()) * 1000)::bigint)) from generate_series(1, 4) n)) || more;
$$;
select api.gateway_sync_v1(pg_temp.body(jsonb_build_object('after', 0, 'sensors',
  (select jsonb_agg(jsonb_build_object('id', md5('idle' || n)::uuid, 'serial', n, 'name', 'Door ' || n)) from generate_series(1, 4) n)))) #>> '{config,version}' as version \gset
select set_config('test.version', :'version', false) \g /dev/null
select count(*) as audited from data.audit_log \gset
select count(*) as outbox from private.outbox \gset

-- What a minute of waiting does to the rows, without the waiting and without touching them: clocks are not ours to
-- turn, so the rules' "at most once a minute" is switched off by rewinding both rows before each sync.
select pg_stat_force_next_flush() \g /dev/null
select pg_stat_clear_snapshot() \g /dev/null
create temp table before as
  select relname, n_tup_ins as ins, n_tup_upd as upd, n_tup_hot_upd as hot from pg_stat_user_tables where schemaname in ('data', 'private');
create temp table answers (config_bytes bigint);
do $$
declare
  answer jsonb;
  bytes  bigint := 0;
begin
  for n in 1 .. 1000 loop
    update data.gateways set last_seen_at = last_seen_at - interval '2 minutes' where store_id = current_setting('test.store')::integer;
    update data.sensor_metadata set last_data_received = last_data_received - interval '2 minutes' where store_id = current_setting('test.store')::integer;
    commit;
    answer := api.gateway_sync_v1(pg_temp.body(jsonb_build_object('config_version', current_setting('test.version')::integer)));
    bytes := bytes + coalesce(length((answer -> 'config')::text), 0);
    commit;
  end loop;
  insert into answers values (bytes);
end $$;
select pg_stat_force_next_flush() \g /dev/null
select pg_stat_clear_snapshot() \g /dev/null

select is((select count(*) from data.audit_log), :audited::bigint, 'a thousand idle syncs leave no audit row');
select is((select config_bytes from answers), 0::bigint, 'and send no byte of configuration');
select is((select config_version from data.stores where id = :store), :version, 'whose version stays');
select is((select count(*) from data.alerts where store_id = :store), 0::bigint, 'they open no alert');
select is((select count(*) from private.outbox), :outbox::bigint, 'tell nobody anything');
select is((select string_agg(s.relname, ', ') from pg_stat_user_tables s join before b using (relname) where s.schemaname in ('data', 'private') and s.n_tup_ins > b.ins), null, 'and add no row to any table');
select is((select string_agg(s.relname, ', ' order by s.relname) from pg_stat_user_tables s join before b using (relname) where s.schemaname in ('data', 'private') and s.n_tup_upd > b.upd),
  'gateways, sensor_metadata', 'only liveness is written');
select cmp_ok((select min(s.n_tup_upd - b.upd) from pg_stat_user_tables s join before b using (relname) where s.schemaname = 'data' and s.relname in ('gateways', 'sensor_metadata')), '>=', 2000::bigint, 'and all of it');
select diag(format('%s: %s of %s updates HOT, %s %%', s.relname, s.n_tup_hot_upd - b.hot, s.n_tup_upd - b.upd, round((s.n_tup_hot_upd - b.hot) * 100.0 / (s.n_tup_upd - b.upd), 1)))
  from pg_stat_user_tables s join before b using (relname) where s.schemaname = 'data' and s.relname in ('gateways', 'sensor_metadata');
select cmp_ok((select min((s.n_tup_hot_upd - b.hot) * 100.0 / (s.n_tup_upd - b.upd)) from pg_stat_user_tables s join before b using (relname) where s.schemaname = 'data' and s.relname in ('gateways', 'sensor_metadata')), '>', 95.0,
  'more than 95 of 100 updates touch no index (HOT)');

delete from private.epochs where gateway_id in (select id from data.gateways where store_id = :store);
delete from data.sensor_metadata where store_id = :store;
delete from data.stores where id = :store;
delete from data.organizations where id = :tenant;
select * from finish();
