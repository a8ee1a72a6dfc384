\ir setup.psql
select plan(14);
select pg_temp.become_store('explain') \g /dev/null
select public_id as store, organization_id as tenant from data.stores where id = pg_temp.store() \gset
insert into data.organizations (id, name) values (960001, 'Rival');
insert into data.user_profiles (id, organization_id, role, display_name, store_ids) values
  ('b5000000-0000-0000-0000-000000000001', :tenant, 'store_staff', 'Sam', array[pg_temp.store()]),
  ('b5000000-0000-0000-0000-000000000002', 960001, 'organization_administrator', 'Rob', '{}');
create function pg_temp.explain(n integer, arguments text, who text default 'authenticated') returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', 'b5000000-0000-0000-0000-00000000000' || n)::text, true);
  execute format('set local role %I', who);
  execute format('select api.explain_counts(%L, %s)', pg_temp.door('A'), arguments) into answer;
  reset role;
  perform pg_temp.become_gateway(current_setting('test.gateway')::uuid);
  return answer;
exception when others then
  reset role;
  perform pg_temp.become_gateway(current_setting('test.gateway')::uuid);
  return to_jsonb(sqlstate);
end $$;
create function pg_temp.monday_hours(n integer) returns text
language sql as $$ select format('%L, %L', pg_temp.monday(), pg_temp.monday() + n * interval '1 hour') $$;

-- Five in at ten, corrected to four; three over a gap of two hours; two estimated; one discarded.
create function pg_temp.counted(at timestamptz, ms bigint, n integer, rev integer default 1, flags integer default 0, more jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 't', pg_temp.ms(at), 'dur', ms, 'in', n::text, 'out', '0',
                            'rev', rev::text, 'flags', flags::text) || more;
$$;
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.counted(pg_temp.monday(), 60000, 5))) \g /dev/null
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.counted(pg_temp.monday(), 60000, 4, 2, 64))) \g /dev/null
select pg_temp.sync(2, 5, jsonb_build_array(
  pg_temp.counted(pg_temp.monday() + interval '1 hour', 7200000, 3, 1, 2),
  pg_temp.counted(pg_temp.monday() + interval '4 hours', 60000, 2, 1, 18),
  pg_temp.counted(pg_temp.monday() + interval '5 hours', 60000, 1, 2, 96)),
  jsonb_build_object('coverage', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'spans',
    jsonb_build_array(jsonb_build_array(pg_temp.ms(pg_temp.monday() - interval '1 hour'), pg_temp.ms(pg_temp.monday() + interval '3 hours'), 'counting')))))) \g /dev/null
select pg_temp.explain(1, pg_temp.monday_hours(8)) as said \gset

select is((:'said'::jsonb) #>> '{sums,0,in}', '7', 'measured counts are added up, estimated and discarded ones are not');
select is((:'said'::jsonb) #>> '{sums,0,over_gaps_in}', '3', 'what came over a gap is told apart');
select is((:'said'::jsonb) #>> '{sums,0,estimated_in}', '2', 'and what is an estimate');
select is((:'said'::jsonb) #>> '{sums,0,discarded_in}', '1', 'and what people discarded');
select is(((:'said'::jsonb) #> '{readings,0}') - array['received_at', 'from', 'to'],
  '{"in": 4, "out": 0, "card": 1, "line": "1", "flags": ["corrected"], "revision": 2}', 'a reading says which version of it counts');
select is((:'said'::jsonb) #> '{readings,2,flags}', '["recovered", "estimated"]', 'flags are words');
select is((:'said'::jsonb) #>> '{coverage,0,state}', 'counting', 'coverage of the time is there');
select is((((:'said'::jsonb) #>> '{coverage,0,from}')::timestamptz), pg_temp.monday(), 'cut to what was asked');
select is((:'said'::jsonb) #>> '{cards,0,card}', '1', 'and the card it came from');
select is((:'said'::jsonb) ->> 'more_readings', '0', 'all readings are listed');
select is(pg_temp.explain(1, pg_temp.monday_hours(8) || $$, '2'$$) -> 'sums', '[]', 'a line that does not exist has counted nobody');
select is(pg_temp.explain(2, pg_temp.monday_hours(8)), '"PT404"', 'another tenant is told that there is no such sensor');
select is(pg_temp.explain(1, pg_temp.monday_hours(24 * 32)), '"22023"', 'more than a month is too much to explain');
select is(pg_temp.explain(1, pg_temp.monday_hours(8), 'lintel_gateway'), '"42501"', 'a gateway may not ask');

select * from finish();
rollback;
