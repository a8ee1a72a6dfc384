\ir setup.psql
select plan(22);

select pg_temp.become_store('own') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null

-- What a gateway or anybody could try, each as the role itself.
create function pg_temp.denied(who text, statement text) returns text
language plpgsql as $$
declare
  result text := 'allowed';
begin
  execute format('set local role %I', who);
  begin
    execute statement;
  exception when insufficient_privilege then
    result := 'denied';
  end;
  reset role;
  return result;
end $$;
select is(pg_temp.denied(who, statement), 'denied', who || ': ' || statement) from (values
  ('lintel_gateway', 'select * from data.people_counting_raw'), ('lintel_gateway', 'select * from data.stores'),
  ('lintel_gateway', 'select * from api.latest_sensor_data'), ('lintel_gateway', 'select * from private.signing_keys'),
  ('lintel_gateway', 'update data.gateways set lifecycle = ''active'''), ('lintel_gateway', 'select private.setting(''history'')'),
  ('lintel_gateway', 'select private.mint_gateway_token(gen_random_uuid())'), ('lintel_gateway', 'select private.my_store_ids()'),
  ('anon', 'select api.gateway_sync_v1(''{}'')'), ('anon', 'select * from api.hourly'), ('anon', 'select * from data.organizations'),
  ('authenticated', 'select api.gateway_sync_v1(''{}'')'), ('authenticated', 'insert into data.stores (organization_id, node_id, name) values (1, 1, ''x'')'),
  ('authenticated', 'select private.my_store_ids()'), ('authenticated', 'delete from data.audit_log'),
  ('authenticated', format('select * from partitions.%I', (select partition_name from private.partition_bounds where table_name = 'people_counting_raw' limit 1))))
  as t (who, statement);

create function pg_temp.refusal(claims text) returns text
language plpgsql as $$
begin
  perform set_config('request.jwt.claims', claims, true);
  return pg_temp.sync(1, 1, '[]')::text;
exception when insufficient_privilege then
  reset role;
  return sqlerrm;
end $$;
select matches(pg_temp.refusal(''), 'names no gateway', 'without claims there is no gateway');
select matches(pg_temp.refusal('{"sub": "x"}'), 'names no gateway', 'a subject that is no uuid is none');
select matches(pg_temp.refusal('{"sub": "00000000-0000-0000-0000-000000000000", "store_id": 1, "organization_id": 1}'), 'is not known', 'claims of stores are not asked');
update data.gateways set lifecycle = 'archived' where store_id = pg_temp.store();
select matches(pg_temp.refusal(json_build_object('sub', current_setting('test.gateway'))::text), 'is revoked', 'a revoked gateway is refused though its token is good');
update data.gateways set lifecycle = 'active' where store_id = pg_temp.store();
update data.stores set deleted_at = now() where id = pg_temp.store();
select matches(pg_temp.refusal(json_build_object('sub', current_setting('test.gateway'))::text), 'takes no readings', 'and so is one whose store is gone');

select ok(not pg_has_role('lintel_gateway', 'lintel_owner', 'member') and not pg_has_role('authenticated', 'lintel_gateway', 'member'),
  'none of the roles can become another');

select * from finish();
rollback;
