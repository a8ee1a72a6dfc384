\ir setup.psql
\ir world.psql
select plan(49);

create function pg_temp.last_entry() returns text language sql as $$
  select concat_ws(' | ', actor, action, table_name, organization_id, store_id, old_values, new_values, request_id) from data.audit_log order by id desc limit 1;
$$;

-- Who did it.
select set_config('request.headers', '{"x-request-id": "r-1"}', true) \g /dev/null
select pg_temp.tries('administrator', $$ update api.sensors set name = 'door' where id = 830001 $$) \g /dev/null
select is(pg_temp.last_entry(), 'authenticated:80000000-0000-0000-0000-000000000001 | update | sensor_metadata | 800001 | 810001 | {"name": "sensor"} | {"name": "door"} | r-1',
  'a person''s change is recorded with the person, the store, both values and the request');
select pg_temp.tries('hq', $$ update api.stores set name = 'shop' where id = 810001 $$) \g /dev/null
select is(pg_temp.last_entry(), 'lintel_hq:aaaaaaaa-0000-0000-0000-000000000001 | update | stores | 800001 | 810001 | {"name": "store 1"} | {"name": "shop"} | r-1', 'HQ''s as well');
select set_config('request.headers', 'no json', true) \g /dev/null
select pg_temp.tries('administrator', $$ delete from api.user_profiles where id = '80000000-0000-0000-0000-000000000004' $$) \g /dev/null
select matches(pg_temp.last_entry(), '^authenticated:80000000-0000-0000-0000-000000000001 \| update \| user_profiles \| 800001 \| \{"deleted_at": null\} \| \{"deleted_at": "[^"]+"\}$',
  'a deletion is a change of deleted_at, of no store, and headers that are none harm nothing');
update data.user_profiles set deleted_at = null where id = '80000000-0000-0000-0000-000000000004';
select set_config('request.jwt.claims', '{"role": "lintel_hq", "sub": "80000000-0000-0000-0000-000000000001"}', true) \g /dev/null
update data.stores set name = 'x' where id = 810001;
select matches(pg_temp.last_entry(), '^' || session_user || ' \|', 'outside a request it is the role that logged in, whatever the claims say');
select set_config('request.jwt.claims', '', true) \g /dev/null
set local role lintel_owner;
update data.stores set name = 'z' where id = 810001;
reset role;
select matches(pg_temp.last_entry(), '^' || session_user || ' as lintel_owner \|', 'and the role it took on');
select pg_temp.tries('staff', $$ update api.sensors set name = 'a' where id = 830001 $$) \g /dev/null
select is((select updated_by from data.sensor_metadata where id = 830001), '80000000-0000-0000-0000-000000000003'::uuid, 'the row itself knows the last person');
update data.sensor_metadata set name = 'b' where id = 830001;
select is((select updated_by from data.sensor_metadata where id = 830001), null, 'and not a wrong one when it was none');
update data.sensor_metadata set status = 'online', last_data_received = now() where id = 830001;
select matches(pg_temp.last_entry(), '"name": "b"', 'health leaves no entry');
select pg_temp.tries('administrator', $$ update api.stores set owner_id = '80000000-0000-0000-0000-000000000003' where id = 810002 $$) \g /dev/null
select matches(pg_temp.last_entry(), '"owner_id": "80000000-0000-0000-0000-000000000003"', 'whose a thing is, is configuration');
delete from data.user_profiles where id = '80000000-0000-0000-0000-000000000003';
select is((select owner_id from data.stores where id = 810002), null, 'a person who is erased leaves null behind');
select is((select updated_by from data.sensor_metadata where id = 830002), null, 'everywhere');

-- Who reads it.
select is(pg_temp.tries(who, 'select count(*) from api.audit where organization_id <> 800001'), '0', who || ' reads nothing of another tenant') from unnest('{administrator,auditor,manager}'::text[]) as who;
select is(pg_temp.tries(who, 'select (count(*) > 20 and bool_or(store_id is null) and count(distinct store_id) = 5)::text from api.audit'), 'true', who || ' reads all of the own, with and without a store') from unnest('{administrator,auditor}'::text[]) as who;
select is(pg_temp.tries('manager', 'select count(*) from api.audit'), '0', 'a manager reads none');
select is(pg_temp.tries('hq', 'select count(distinct organization_id) from api.audit where organization_id in (800001, 800009)'), '2', 'HQ reads all');
select is(pg_temp.tries('foreigner', 'select count(*) from api.audit where organization_id = 800001'), '0', 'a foreign administrator none of ours');
select matches(pg_temp.tries(who, statement), '^42501 permission denied', who || ' cannot: ' || statement)
  from unnest('{administrator,hq}'::text[]) as who,
       unnest(array['update api.audit set actor = ''x''', 'delete from api.audit', 'update data.audit_log set actor = ''x''',
                    'insert into data.audit_log (organization_id, actor, action, table_name, row_id) values (800001, ''x'', ''insert'', ''x'', ''x'')']) as statement;
set local role lintel_owner;
select throws_ok(statement, '42501', null, 'its owner cannot: ' || statement) from unnest(array['update data.audit_log set actor = ''x''', 'delete from data.audit_log', 'truncate data.audit_log']) as statement;
select b.partition_name as part from private.partition_bounds b where b.table_name = 'audit_log' and now() >= b.from_at and now() < b.to_at \gset
select throws_ok(format(statement, :'part'), '42501', null, 'nor through a partition: ' || statement) from unnest(array['update partitions.%I set actor = ''x''', 'delete from partitions.%I', 'truncate partitions.%I']) as statement;
reset role;

-- Denials.
create function pg_temp.syncs(gateway uuid) returns jsonb
language plpgsql as $$
begin
  perform pg_temp.become_gateway(gateway);
  perform set_config('response.status', '', true);
  return pg_temp.call('{"v": 1, "epoch": "e", "version": "t", "config_version": 0, "after": 0, "to": 1, "series": []}');
end $$;
update data.gateways set lifecycle = 'archived' where id = 820001;
select set_config('request.headers', '{"x-request-id": "r-2"}', true) \g /dev/null
select pg_temp.syncs(md5('gateway810001')::uuid) as answer \gset
select is((:'answer'::jsonb) - 'hint', jsonb_build_object('code', '42501', 'message', 'gateway ' || md5('gateway810001')::uuid || ' is revoked', 'details', null), 'a revoked gateway is answered as PostgREST answers errors');
select is(current_setting('response.status'), '403', 'with its status');
select is((select count(*) from private.epochs where gateway_id = 820001), 0::bigint, 'and nothing of the request is kept');
select pg_temp.syncs(md5('gateway810001')::uuid), pg_temp.syncs(md5('gateway810001')::uuid) \g /dev/null
select results_eq($$ select function, actor, organization_id, request_id, sum(times) from private.denials group by 1, 2, 3, 4 $$,
  format($$ values ('gateway_sync_v1', 'lintel_gateway:%s', 800001::bigint, 'r-2', 3::bigint) $$, md5('gateway810001')::uuid), 'the denial is: who, what, which request, how often');
select ok((select count(*) from private.denials) <= 2, 'in one row a minute');
update private.denials set minute = minute - interval '1 hour';
select pg_temp.syncs(md5('gateway810001')::uuid) \g /dev/null
select is((select times from private.denials order by minute desc limit 1), 1, 'and another one in the next');
select matches(pg_temp.syncs(gen_random_uuid())::text, 'is not known here', 'an unknown gateway is denied as well');
select is(pg_temp.tries('hq', 'select count(distinct actor) from api.denials()'), '2', 'HQ sees both');
select is(pg_temp.tries(who, 'select string_agg(distinct organization_id::text, '','') from api.denials()'), '800001', who || ' those of the own tenant') from unnest('{administrator,auditor}'::text[]) as who;
select is(pg_temp.tries(who, 'select count(*) from api.denials()'), '0', who || ' none') from unnest('{foreigner,manager,stranger}'::text[]) as who;
update private.denials set minute = now() - interval '2 years' where organization_id is null;
select private.forget_denials() \g /dev/null
select is((select count(*) from private.denials where organization_id is null), 0::bigint, 'old ones are forgotten');

create function pg_temp.denied_while_reading() returns text
language plpgsql as $$
declare
  answer text;
begin
  begin
    set local transaction_read_only = on;
    answer := concat(private.deny('reading', 'no', status => 401) ->> 'code', ' ', current_setting('response.status'));
    raise sqlstate 'UNDO0';
  exception when sqlstate 'UNDO0' then
    return answer;
  end;
end $$;
select is(pg_temp.denied_while_reading(), '42501 401', 'a transaction that only reads is denied all the same');
select is((select count(*) from private.denials where function = 'reading'), 0::bigint, 'without a record, which it could not write');

select * from finish();
rollback;
