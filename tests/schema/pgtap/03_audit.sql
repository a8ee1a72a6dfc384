\ir setup.psql
select plan(13);

create function pg_temp.entries() returns bigint language sql as $$ select count(*) from data.audit_log $$;

select pg_temp.become_store('audit') \g /dev/null
select is((select count(*) from data.audit_log where actor = current_user and action = 'insert'
             and table_name in ('stores', 'gateways', 'organizations')), 3::bigint, 'what is created is recorded');
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
select is((select string_agg(distinct actor, ',') from data.audit_log where table_name = 'sensor_metadata'),
  'lintel_gateway:' || current_setting('test.gateway'), 'a sensor that a gateway registers is recorded as its doing');

select pg_temp.entries() as before \gset
update data.stores set config_version = config_version where id = pg_temp.store();
update data.stores set name = name where id = pg_temp.store();
select is(pg_temp.entries(), :before::bigint, 'an update that changes nothing leaves no entry');

select set_config('request.jwt.claims', '', true), set_config('request.headers', '{"x-request-id": "abc"}', true) \g /dev/null
update data.stores set name = 'renamed', config_version = config_version where id = pg_temp.store();
select results_eq($$ select action, old_values, new_values, request_id from data.audit_log order by id desc limit 1 $$,
  $$ values ('update', '{"name": "audit"}'::jsonb, '{"name": "renamed"}'::jsonb, 'abc') $$,
  'an update is recorded with what changed only, and the request');
select set_config('request.headers', '', true) \g /dev/null
delete from data.sensor_metadata where store_id = pg_temp.store() and serial = 'B';
select is((select old_values ->> 'serial' from data.audit_log where action = 'delete'), 'B', 'a deletion is recorded with what was there');

select pg_temp.become_gateway(current_setting('test.gateway')::uuid) \g /dev/null
select pg_temp.sync(1, 2, '[]') \g /dev/null
select pg_temp.entries() as before, config_version as version, updated_at as updated from data.stores where id = pg_temp.store() \gset
create function pg_temp.idle(times integer) returns void language plpgsql as $$
begin
  for i in 1 .. times loop
    update data.gateways set last_seen_at = now() - interval '2 minutes' where store_id = pg_temp.store();
    perform pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'first', 'config_version', 0, 'after', 2, 'to', 2, 'version', 'test',
      'health', jsonb_build_object('n', i),
      'liveness', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'status', (array['online', 'degraded'])[i % 2 + 1],
                                                       'last', pg_temp.ms(now()) + i * 61000, 'since', null))));
  end loop;
end $$;
select pg_temp.idle(100) \g /dev/null
select is(pg_temp.entries(), :before::bigint, 'a hundred idle syncs with changing health leave no entry');
select is((select config_version from data.stores where id = pg_temp.store()), :version::integer, 'nor do they raise the version of the configuration');
select is((select health ->> 'n' from data.gateways where store_id = pg_temp.store()), '100', 'while the gateway''s health is kept');
select is((select status::text from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A'), 'online', 'and the sensor''s');

select throws_ok('update data.audit_log set actor = ''nobody''', '42501', null, 'entries cannot be changed, not even by a superuser in passing');
select throws_ok('delete from data.audit_log', '42501', null, 'nor deleted');
select throws_ok('truncate data.audit_log', '42501', null, 'nor truncated');
set local role lintel_gateway;
select throws_ok('select * from data.audit_log', '42501', null, 'a gateway cannot read them');
reset role;

select * from finish();
rollback;
