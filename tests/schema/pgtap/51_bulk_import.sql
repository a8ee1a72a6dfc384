\ir setup.psql
select plan(41);
select pg_temp.become_store('bulk') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 5))) \g /dev/null
select set_config('test.own', (select public_id from data.stores where id = pg_temp.store())::text, true) \g /dev/null

create function pg_temp.import(series jsonb, more jsonb default '{}', who text default 'lintel_hq', sub text default 'hq') returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', sub)::text, true);
  execute format('set local role %I', who);
  execute 'select api.people_counting_bulk_v1($1)' into answer
    using jsonb_build_object('v', 1, 'store', current_setting('test.own'), 'source', 'turnstile export', 'series', series) || more;
  reset role;
  perform pg_temp.become_gateway(current_setting('test.gateway')::uuid);
  if answer ->> 'code' = '42501' and current_setting('response.status', true) = '403' then
    return jsonb_build_object('error', jsonb_build_object('code', 'denied', 'message', answer ->> 'message'));
  end if;
  return answer;
exception when insufficient_privilege then
  reset role;
  return jsonb_build_object('error', jsonb_build_object('code', 'denied', 'message', sqlerrm));
end $$;
create function pg_temp.short(answer jsonb) returns text
language sql as $$ select coalesce(answer #>> '{error,code}', format('+%s ~%s =%s %s', answer ->> 'added', answer ->> 'corrected', answer ->> 'unchanged', pg_temp.codes(answer))) $$;
create function pg_temp.hours_ago(n numeric, "in" integer, rev integer default 1, more jsonb default '{}') returns jsonb
language sql as $$ select pg_temp.reading(pg_temp.monday() - n * interval '1 hour', "in", rev, more) $$;

-- What an import does.
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 7), pg_temp.hours_ago(2, 8)), '{"dry_run": true}')), '+2 ~0 =0 ', 'a dry run says what would be applied');
select is((select count(*) from private.imports) + (select count(*) from data.people_counting_raw where epoch = 0), 0::bigint, 'and changes nothing');
select is(pg_temp.differences(), 0::bigint, 'neither in the roll-ups');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 7), pg_temp.hours_ago(2, 8)))), '+2 ~0 =0 ', 'the import itself says the same');
select is(pg_temp.raw(), (select string_agg(to_char(pg_temp.monday() - h * interval '1 hour', 'MM-DD HH24:MI') || c, ', ' order by h desc)
  from (values (3, ' 7/0 r1'), (2, ' 8/0 r1'), (0, ' 5/0 r1')) t (h, c)), 'and the readings are there');
select is(pg_temp.differences(), 0::bigint, 'with their roll-ups');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 7), pg_temp.hours_ago(2, 8)))), '+0 ~0 =2 ', 'repeated it changes nothing');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 9), pg_temp.hours_ago(1, 1)))), '+1 ~0 =0 conflict', 'other content at the same revision is named, the rest applied');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 9, 2)))), '+0 ~1 =0 ', 'a later revision corrects the import');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 7)))), '+0 ~0 =1 ', 'an older one changes nothing');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(1, 0, 2, '{"flags": "32"}')))), '+0 ~1 =0 ', 'a voided reading');
select is((select sum(count_in) from data.daily_analytics where store_id = pg_temp.store()), 22::numeric, 'counts no more');
select is(pg_temp.short(pg_temp.import(jsonb_build_array((pg_temp.reading(pg_temp.monday() - interval '5 hours', 1) - 'line' - 'in' - 'out')
  || '{"region": "hall", "occ": "4"}'))), '+1 ~0 =0 ', 'regions can be imported too');
select is(pg_temp.differences(), 0::bigint, 'and the roll-ups are what the raw rows add up to');

-- A gateway outranks it.
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(0, 99, 9)))), '+0 ~0 =0 outranked', 'a gateway''s reading stays, whatever the revision');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(0.5, 99, 1, '{"dur": 3600000}')))), '+0 ~0 =0 outranked', 'nor is its time counted twice');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(-0.005, 99, 1, '{"dur": 0}')))), '+0 ~0 =0 outranked', 'an event within it neither');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(1, 3, 3, '{"dur": 3600000}')))), '+0 ~1 =0 ', 'the hour up to it is free');
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(0, 99, 1, '{"line": "2"}')))), '+1 ~0 =0 ', 'and so is another line');
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '20 hours', 40, 1, '{"dur": 36000000}'))) \g /dev/null
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(-29, 99)))), '+0 ~0 =0 outranked', 'a gateway''s long reading covers its whole time');
select is(pg_temp.codes(pg_temp.sync(2, 3, jsonb_build_array(pg_temp.hours_ago(3, 2)))), '', 'a gateway''s reading at an imported key');
select is((select format('%s %s', count_in, epoch) from data.people_counting_raw where store_id = pg_temp.store() and started_at = pg_temp.monday() - interval '3 hours'), '2 1', 'replaces it');
select pg_temp.sync(3, 4, jsonb_build_array(pg_temp.hours_ago(3, 2, 2, jsonb_build_object('t', pg_temp.ms(pg_temp.monday() - interval '4 hours'),
  'moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(pg_temp.monday() - interval '3 hours'))))))) \g /dev/null
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(3, 7)))), '+0 ~0 =0 outranked', 'a key that a reading moved away from is the gateway''s too');
select is(pg_temp.differences(), 0::bigint, 'and the roll-ups agree to the end');

-- Bad rows are named, the rest applied.
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(20, -1), pg_temp.hours_ago(20, 1, 1, jsonb_build_object('t', pg_temp.ms(now() + interval '2 days'))),
  pg_temp.hours_ago(20, 1, 1, '{"t": 0}'), pg_temp.hours_ago(20, 1, 1, '{"in": "x"}'), pg_temp.hours_ago(20, 1, 1, '{"sensor": 999999999}'), pg_temp.hours_ago(20, 6)))),
  '+1 ~0 =0 negative,future,too_old,bad_value,unknown_sensor', 'each bad row is named, the good one applied');
select id as a from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
insert into data.organizations (id, name) values (939393, 'Rival');
insert into data.stores (id, organization_id, node_id, name) values (939393, 939393, 939393, 'rival store');
insert into data.stores (id, organization_id, node_id, name) select 939394, organization_id, organization_id, 'sister store' from data.stores where id = pg_temp.store();
insert into data.gateways (id, organization_id, store_id, name) select id, organization_id, id, 'g' from data.stores where id in (939393, 939394);
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name) select id, organization_id, id, id, 's', 's' from data.stores where id in (939393, 939394);
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(30, 1, 1, '{"sensor": 939393}'), pg_temp.hours_ago(30, 1, 1, '{"sensor": 939394}')))),
  '+0 ~0 =0 unknown_sensor,foreign_sensor', 'a sensor of another tenant is unknown, one of a sister store foreign');

-- What cannot be understood is refused whole.
select matches(pg_temp.import(coalesce(more -> 'series', '[]'), more) #>> '{error,message}', message, message) from (values
  ('{"v": 2}'::jsonb, 'v must be 1'), ('{"store": "x"}', 'store must be a uuid'), ('{"source": ""}', 'source must be'), ('{"dry_run": "yes"}', 'dry_run must be'),
  ('{"series": {}}', 'series must be an array'), ('{"series": [{"sensor": 1, "line": "", "t": 0, "in": "1", "moved": []}]}', 'moves no reading'),
  (jsonb_build_object('series', jsonb_build_array(jsonb_build_object('sensor', 1, 'line', '', 't', 0, 'step', 1, 'in', repeat('1,', 10000)))), 'more than 10000'),
  (jsonb_build_object('garbage', repeat('garbage ', 140000)), 'more than 1 MB')) as t (more, message);

-- Who may, and what is left behind.
insert into data.user_profiles (id, organization_id, role, store_ids) select 'b1000000-0000-0000-0000-000000000001'::uuid, organization_id, 'organization_administrator', '{}'::integer[] from data.stores where id = pg_temp.store()
  union all select 'b1000000-0000-0000-0000-000000000002', organization_id, 'store_staff', array[id] from data.stores where id = pg_temp.store()
  union all select 'b1000000-0000-0000-0000-000000000003', 939393, 'organization_administrator', array[pg_temp.store()];
select is(pg_temp.short(pg_temp.import(jsonb_build_array(pg_temp.hours_ago(40, 1)), '{}', 'authenticated', 'b1000000-0000-0000-0000-000000000001')), '+1 ~0 =0 ', 'an administrator imports');
select is(pg_temp.short(pg_temp.import('[]', '{}', who, sub)), 'denied', label) from (values
  ('authenticated', 'b1000000-0000-0000-0000-000000000002', 'staff do not'), ('authenticated', 'b1000000-0000-0000-0000-000000000003', 'nor another tenant''s administrator'),
  ('lintel_gateway', 'b1000000-0000-0000-0000-000000000001', 'nor a gateway')) as t (who, sub, label);
select is((select new_values - 'received_at' || jsonb_build_object('actor', actor) from data.audit_log where table_name = 'imports' order by id desc limit 1),
  jsonb_build_object('store_id', pg_temp.store(), 'source', 'turnstile export', 'added', 1, 'corrected', 0, 'unchanged', 0, 'rejected', 0,
                     'actor', 'authenticated:b1000000-0000-0000-0000-000000000001'), 'every import is in the audit log, with its source');
select is((select count(*) from data.audit_log where table_name = 'imports'), (select count(*) from private.imports), 'no more and no less');
select is((select array_agg(distinct coalesce(created_by::text, 'HQ') order by coalesce(created_by::text, 'HQ')) from private.imports),
  array['HQ', 'b1000000-0000-0000-0000-000000000001'], 'an import knows the person who made it');

select * from finish();
rollback;
