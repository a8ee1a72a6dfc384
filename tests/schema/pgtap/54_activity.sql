\ir setup.psql
select plan(40);
select pg_temp.become_store('activity') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
select public_id as store, organization_id as tenant from data.stores where id = pg_temp.store() \gset
select id as a from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
insert into data.organizations (id, name) values (960001, 'Rival');
insert into data.stores (id, organization_id, node_id, name) values (961001, 960001, 960001, 'rival store');
insert into data.gateways (id, organization_id, store_id, name) values (961001, 960001, 961001, 'rival gateway');
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name) values (961001, 960001, 961001, 961001, 'R', 'rival door');
insert into data.stores (id, organization_id, node_id, name) values (961002, :tenant, :tenant, 'sister store');
insert into data.user_profiles (id, organization_id, role, display_name, store_ids) values
  ('b4000000-0000-0000-0000-000000000001', :tenant, 'organization_administrator', 'Ada', '{}'),
  ('b4000000-0000-0000-0000-000000000002', :tenant, 'store_staff', 'Sam', array[pg_temp.store()]),
  ('b4000000-0000-0000-0000-000000000003', :tenant, 'auditor', 'Ann', '{}'),
  ('b4000000-0000-0000-0000-000000000004', 960001, 'organization_administrator', 'Rob', '{}'),
  ('b4000000-0000-0000-0000-000000000005', :tenant, 'store_staff', 'Sue', '{961002}');
create function pg_temp.as_person(n integer, query text, who text default 'authenticated') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', 'b4000000-0000-0000-0000-00000000000' || n)::text, true);
  execute format('set local role %I', who);
  execute query into answer;
  reset role;
  perform pg_temp.become_gateway(current_setting('test.gateway')::uuid);
  return answer;
exception when others then
  reset role;
  perform pg_temp.become_gateway(current_setting('test.gateway')::uuid);
  return sqlstate;
end $$;

-- Walk tests come with a sync.
create function pg_temp.walk(id text, more jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object('id', md5(id)::uuid, 'sensor', pg_temp.door('A'), 'line', '1', 'at', pg_temp.ms(pg_temp.monday()), 'walked_in', 5, 'walked_out', 4,
    'counted_in', 5, 'counted_out', 4, 'verdict', 'passed', 'signed_by', 'Ivo Installer') || more;
$$;
create function pg_temp.accept(entries jsonb) returns text
language sql as $$
  select format('%s taken, %s', jsonb_array_length(answer #> '{acceptances,taken}'),
    coalesce((select string_agg(format('%s %s', r ->> 'n', r ->> 'code'), ', ' order by (r ->> 'n')::integer) from jsonb_array_elements(answer #> '{acceptances,rejected}') r), 'none rejected'))
    from pg_temp.sync(1, 1, '[]', jsonb_build_object('acceptances', entries)) as answer;
$$;
select is(pg_temp.accept(jsonb_build_array(pg_temp.walk('1'))), '1 taken, none rejected', 'a walk test is taken');
select is(pg_temp.accept(jsonb_build_array(pg_temp.walk('1', '{"counted_in": 0}'), pg_temp.walk('1'))), '2 taken, none rejected', 'the same one again is taken as well');
select is((select format('%s %s %s/%s %s/%s %s %s', count(*), min(line), min(walked_in), min(walked_out), min(counted_in), min(counted_out), min(verdict), min(signed_by))
  from private.acceptances where store_id = pg_temp.store()), '1 1 5/4 5/4 passed Ivo Installer', 'and kept once, as it first came');
select is(pg_temp.accept(jsonb_build_array(pg_temp.walk('2', jsonb_build_object('sensor', :a, 'verdict', 'failed', 'note', 'arrow the wrong way round')))), '1 taken, none rejected', 'by compact id, with a remark');
select is(pg_temp.accept(jsonb_build_array(7, pg_temp.walk('x', '{"id": "x"}'), pg_temp.walk('x', '{"walked_in": -1}'), pg_temp.walk('x', '{"walked_in": "5"}'), pg_temp.walk('x', '{"verdict": "fine"}'),
  pg_temp.walk('x', '{"signed_by": ""}'), pg_temp.walk('x', '{"at": "now"}'), pg_temp.walk('x', jsonb_build_object('at', pg_temp.ms(now() + interval '2 days'))), pg_temp.walk('x', '{"sensor": 961001}'),
  pg_temp.walk('x', '{"sensor": 999999999}'), pg_temp.walk('x') - 'sensor', pg_temp.walk('x', '{"sensor": {}}'), pg_temp.walk('x', jsonb_build_object('note', repeat('x', 2001))), pg_temp.walk('3'))),
  '1 taken, 0 bad_value, 1 bad_value, 2 bad_value, 3 bad_value, 4 bad_value, 5 bad_value, 6 bad_value, 7 future, 8 foreign_sensor, 9 unknown_sensor, 10 unknown_sensor, 11 unknown_sensor, 12 bad_value',
  'each bad one is named, the good one taken');
select is(pg_temp.accept('{"no": "array"}'), '0 taken, 0 bad_value', 'what is no array is one bad value');
select is(pg_temp.accept((select jsonb_agg(pg_temp.walk('m' || n)) from generate_series(1, 102) n)), '100 taken, 100 too_many, 101 too_many', 'a hundred at once are the most');
insert into private.acceptances (public_id, organization_id, store_id, sensor_id, line, at, walked_in, walked_out, counted_in, counted_out, verdict, signed_by)
  values (md5('theirs')::uuid, 960001, 961001, 961001, '', now(), 1, 1, 1, 1, 'passed', 'Rival');
select is(pg_temp.accept(jsonb_build_array(pg_temp.walk('theirs'))), '0 taken, 0 conflict', 'an id that another store has used');
select ok(not pg_temp.sync(1, 1, '[]') ? 'acceptances', 'without walk tests the answer is as it was');
-- Not even a broken table stands in the way of a count.
alter table private.acceptances add constraint broken check (signed_by <> 'Broken') not valid;
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 hour', 3)), jsonb_build_object('acceptances', jsonb_build_array(pg_temp.walk('b', '{"signed_by": "Broken"}')))) as answer \gset
select is((:'answer'::jsonb) -> 'watermark', '2', 'a walk test that cannot be kept refuses no reading');
select is((:'answer'::jsonb) -> 'acceptances', '{"taken": [], "rejected": []}', 'and is in neither list, so that it comes again');
select is((select sum(count_in) from data.people_counting_raw where store_id = pg_temp.store()), 4::bigint, 'the reading is there');
delete from private.acceptances where public_id in (select md5('m' || n)::uuid from generate_series(1, 102) n);

-- Annotations.
create function pg_temp.annotate(n integer, arguments text, who text default 'authenticated') returns text
language sql as $$ select coalesce((v::jsonb) ->> 'code', case when (v::jsonb) ? 'annotation' then 'done' end) from (select case when v ~ '^[0-9A-Z]{5}$' then jsonb_build_object('code', v)::text else v end as v
  from pg_temp.as_person(n, format('select api.annotate(%s)', arguments), who) v) as s $$;
select set_config('test.own', :'store', true), set_config('test.door', pg_temp.door('A')::text, true) \g /dev/null
select is(pg_temp.annotate(n, arguments, who), outcome, label) from (values
  (2, $$current_setting('test.own')::uuid, 'road works in front of the door', day => '2026-11-02'$$, 'authenticated', 'done', 'staff annotate a day of their store'),
  (1, $$current_setting('test.own')::uuid, 'lens cleaned', current_setting('test.door')::uuid$$, 'authenticated', 'done', 'an administrator one of its sensors'),
  (9, $$current_setting('test.own')::uuid, 'seen by HQ'$$, 'lintel_hq', 'done', 'HQ any store'),
  (3, $$current_setting('test.own')::uuid, 'x'$$, 'authenticated', '42501', 'an auditor only reads'),
  (4, $$current_setting('test.own')::uuid, 'x'$$, 'authenticated', '42501', 'another tenant does not'),
  (5, $$current_setting('test.own')::uuid, 'x'$$, 'authenticated', '42501', 'nor staff of another store'),
  (8, $$current_setting('test.own')::uuid, 'x'$$, 'authenticated', '42501', 'nor somebody without a profile'),
  (2, $$current_setting('test.own')::uuid, ''$$, 'authenticated', '23514', 'there has to be something to say'),
  (2, $$current_setting('test.own')::uuid, 'x', day => '1000-01-01'$$, 'authenticated', '23514', 'about a day in living memory'),
  (2, $$current_setting('test.own')::uuid, 'x', (select public_id from data.sensor_metadata where id = 961001)$$, 'authenticated', 'done', 'an unseen sensor reads as none'),
  (2, $$current_setting('test.own')::uuid, 'x', gen_random_uuid()$$, 'authenticated', '23503', 'about a sensor of the store'),
  (2, $$current_setting('test.own')::uuid, 'x'$$, 'lintel_gateway', '42501', 'a gateway annotates nothing')) as t (n, arguments, who, outcome, label);
delete from private.annotations where note = 'x';
select is((select count(*) from private.denials where function = 'annotate'), 4::bigint, 'refusals are recorded');
create function pg_temp.withdraw(n integer, what text, who text default 'authenticated') returns text
language sql as $$ select coalesce(v::jsonb ->> 'code', 'done') from pg_temp.as_person(n, format('select api.withdraw_annotation(%L)', (select public_id from private.annotations where note = what)), who) v $$;
select is(pg_temp.withdraw(2, 'lens cleaned'), '42501', 'staff cannot withdraw what an administrator said');
select is(pg_temp.withdraw(4, 'lens cleaned'), '42501', 'nor can another tenant');
select is(pg_temp.withdraw(2, 'road works in front of the door') || pg_temp.withdraw(2, 'road works in front of the door'), 'donedone', 'an author can, and twice');
select is(pg_temp.as_person(2, 'select string_agg(note, '', '' order by note) from api.annotations'), 'lens cleaned, seen by HQ', 'what was withdrawn is gone');

-- One list.
insert into data.alerts (organization_id, store_id, sensor_id, kind, dedup_key, severity, message, opened_at, state, resolved_at, resolution, ended_at)
  values (:tenant, pg_temp.store(), :a, 'sensor_offline', 'x', 'warning', 'Door A is silent', now() - interval '3 hours', 'resolved', now() - interval '1 hour', 'ended', now() - interval '1 hour'),
         (960001, 961001, null, 'sensor_offline', 'x', 'warning', 'rival secret', now(), 'open', null, null, null);
select is(pg_temp.as_person(2, 'select string_agg(format(''%s %s %s %s'', kind, actor, store_name, text), e''\n'' order by at, text) from api.activity'),
  e'acceptance Ivo Installer activity Door A failed: walked 5 in, 4 out, counted 5 in, 4 out\nacceptance Ivo Installer activity Door A passed: walked 5 in, 4 out, counted 5 in, 4 out\n'
  || e'acceptance Ivo Installer activity Door A passed: walked 5 in, 4 out, counted 5 in, 4 out\nalert  activity warning: Door A is silent\nalert  activity resolved: Door A is silent\n'
  || e'annotation Ada activity Door A: lens cleaned\nannotation HQ activity seen by HQ', 'staff see alerts, walk tests and annotations of their store in one list');
select is(pg_temp.as_person(5, 'select count(*) from api.activity'), '0', 'staff of another store nothing of it');
select is(pg_temp.as_person(1, 'select string_agg(distinct kind, '','' order by kind) from api.activity'), 'acceptance,alert,annotation,audit', 'an administrator also the changes of configuration');
select is(pg_temp.as_person(3, 'select string_agg(distinct kind, '','' order by kind) from api.activity'), 'acceptance,alert,annotation,audit', 'so does an auditor');
select matches(pg_temp.as_person(1, 'select text from api.activity where text like ''%sister store%'''), '^added stores sister store$', 'each in words');
select is(pg_temp.as_person(1, 'select count(*) from api.activity where organization_id <> ' || :tenant || ' or text like ''%rival%'''), '0', 'nothing of another tenant');
select is(pg_temp.as_person(4, 'select string_agg(distinct organization_id::text, '','') from api.activity'), '960001', 'whose administrator sees its own');
select is(pg_temp.as_person(9, 'select count(distinct organization_id) > 1 from api.activity', 'lintel_hq'), 'true', 'HQ sees all');
select is(pg_temp.as_person(8, 'select count(*) from api.activity'), '0', 'a token without a profile shows nothing');
select is(pg_temp.as_person(1, format('select string_agg(x, '''') from (select %L from unnest(array[''activity'', ''annotations'', ''acceptances'']) v, lateral (select 1 where has_table_privilege(''anon'', ''api.'' || v, ''select'')
  or has_table_privilege(''lintel_gateway'', ''api.'' || v, ''select'')) l) as t (x)', 'leak')), null, 'strangers and gateways read none of it');
-- A reader's own function must not get to see rows before the filter has.
create function pg_temp.peek(text text) returns boolean language plpgsql cost 0.0001 as $$ begin if text ~ 'Rival' then raise 'leak'; end if; return true; end $$;
select is(pg_temp.as_person(1, 'select count(*) from api.acceptances where pg_temp.peek(signed_by)'), '3', 'no condition is asked about a foreign walk test');

select * from finish();
rollback;
