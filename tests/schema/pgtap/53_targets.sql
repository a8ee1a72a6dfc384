\ir setup.psql
select plan(33);
insert into data.organizations (id, name, level, settings) values (950001, 'Chain', 1, '{"targets": {"visitors": 100, "staffing": 2}}'), (950002, 'Other', 1, '{}');
insert into data.organizations (id, parent_id, name, level, settings) values
  (950011, 950001, 'North', 2, '{"targets": {"visitors": {"sat": 300, "sun": 0}}}'), (950012, 950011, 'City', 3, '{"targets": {"visitors": {"day": 150}}}'), (950013, 950001, 'South', 2, '{}');
insert into data.stores (id, organization_id, node_id, name, settings) values
  (951001, 950001, 950011, 'north', '{}'), (951002, 950001, 950012, 'city', '{"targets": {"staffing": {"mon": 7}}}'), (951003, 950001, 950013, 'south', '{}'), (951004, 950002, 950002, 'foreign', '{}');
insert into data.user_profiles (id, organization_id, role, node_ids, store_ids) values
  ('b3000000-0000-0000-0000-000000000001', 950001, 'organization_administrator', '{}', '{}'), ('b3000000-0000-0000-0000-000000000002', 950001, 'regional_manager', '{950012}', '{}');

-- What settings may say.
create function pg_temp.refusal(settings jsonb) returns text
language plpgsql as $$
begin
  begin
    update data.organizations o set settings = refusal.settings where id = 950013;
    raise exception 'taken';
  exception when check_violation or raise_exception then
    return sqlerrm;
  end;
end $$;
select matches(pg_temp.refusal(jsonb_build_object('targets', targets::jsonb)), message, targets) from (values
  ('5', '^settings of organization 950013: targets must be an object'), ('{"sales": 5}', '''sales'' is no target'), ('{"visitors": "5"}', 'must be a number'),
  ('{"visitors": {}}', 'names no day'), ('{"visitors": {"monday": 5}}', '''monday'' is no day'), ('{"visitors": {"mon": "5"}}', 'visitors of mon must be a number'),
  ('{"staffing": -1}', 'from 0 to 1000000'), ('{"staffing": {"mon": 1, "tue": 2000000}}', 'from 0 to 1000000'), ('{"visitors": null}', 'must be a number'),
  ('{}', 'taken'), ('{"visitors": 0, "staffing": {"day": 2.5, "sun": 0}}', 'taken')) as t (targets, message);
select throws_like($$ update data.stores set settings = '{"targets": []}' where id = 951001 $$, 'settings of store 951001: targets must be an object', 'stores are held to it as well');

-- Inheritance.
select is((select string_agg(format('%s/%s', trim_scale(visitors), trim_scale(staffing)), ' ' order by weekday) from private.targets_of('{951003}')), '100/2 100/2 100/2 100/2 100/2 100/2 100/2', 'a store has what the root says');
select is((select string_agg(format('%s/%s', trim_scale(visitors), trim_scale(staffing)), ' ' order by weekday) from private.targets_of('{951001}')), '100/2 100/2 100/2 100/2 100/2 300/2 0/2', 'unless a node nearer to it says otherwise, day by day');
select is((select string_agg(format('%s/%s', trim_scale(visitors), trim_scale(staffing)), ' ' order by weekday) from private.targets_of('{951002}')), '150/7 150/2 150/2 150/2 150/2 150/2 150/2', 'and the store itself is nearest');
select is((select count(*) from private.targets_of('{951004}') where visitors is null and staffing is null), 7::bigint, 'another tenant''s targets do not reach it');

-- Beside actuals: 2026-06-01 is a Monday.
insert into data.daily_analytics (organization_id, store_id, sensor_id, day, line, count_in, unallocated_in, estimated_in, updated_at) values
  (950001, 951001, 1, '2026-06-06', '1', 120, 20, 10, now()), (950001, 951001, 1, '2026-06-06', '2', 30, 0, 0, now()), (950001, 951002, 2, '2026-06-06', '1', 90, 0, 0, now()),
  (950001, 951002, 2, '2026-06-07', '1', 0, 0, 0, now()), (950002, 951004, 3, '2026-06-06', '1', 1000, 0, 0, now());
insert into data.daily_analytics (organization_id, store_id, sensor_id, day, region, occupancy_max, updated_at) values (950001, 951003, 4, '2026-06-06', 'hall', 9, now());
create function pg_temp.ask(sub text, scope text, scope_id text, f date, t date, who text default 'authenticated') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', sub)::text, true);
  execute format('set local role %I', who);
  execute 'select string_agg(format(''%s %s/%s %s %s %s %s %s %s'', to_char(day, ''DD''), stores_counted, stores, coalesce(visitors::text, ''-''), stores_with_target,
    trim_scale(visitors_target), trim_scale(visitors_share), trim_scale(staffing_target), trim_scale(visitors_per_staff)), ''; '' order by day) from api.targets_and_actuals($1, $2, $3, $4)'
    into answer using scope, scope_id, f, t;
  reset role;
  return answer;
exception when others then
  reset role;
  return sqlstate;
end $$;
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'store', '951001', '2026-06-05', '2026-06-07'), '05 0/1 - 1 100  2 ; 06 1/1 180 1 300 0.6 2 90; 07 0/1 - 1 0  2 ',
  'a store''s days beside its targets: what was not counted is missing, not zero');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'store', (select public_id::text from data.stores where id = 951002), '2026-06-07', '2026-06-07'), '07 1/1 0 1 150 0 2 0', 'a store by its public id; zero is zero');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'node', '950001', '2026-06-06', '2026-06-06'), '06 2/3 270 3 550 0.491 6 45', 'a node is its stores together');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'node', '950012', '2026-06-06', '2026-06-06'), '06 1/1 90 1 150 0.6 2 45', 'a node further down');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000002', 'node', '950011', '2026-06-06', '2026-06-06'), '06 1/1 90 1 150 0.6 2 45', 'a manager gets what it may see of a node');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000002', 'store', '951001', '2026-06-06', '2026-06-06'), 'PT404', 'and nothing of a store it does not see');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'store', '951004', '2026-06-06', '2026-06-06'), 'PT404', 'nor anybody of another tenant''s');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000001', 'node', '950002', '2026-06-06', '2026-06-06'), 'PT404', 'nor of its nodes');
select is(pg_temp.ask('b3000000-0000-0000-0000-000000000009', 'node', '950001', '2026-06-06', '2026-06-06'), 'PT404', 'nor somebody without a profile');
select is(pg_temp.ask('x', 'store', '951004', '2026-06-06', '2026-06-06', 'lintel_hq'), '06 1/1 1000 0    ', 'HQ sees every tenant; no target is no target');
select is(pg_temp.ask('x', 'store', 'nonsense', '2026-06-06', '2026-06-06', 'lintel_hq'), 'PT404', 'nonsense is not known');
select is(pg_temp.ask('x', 'sensor', '1', '2026-06-06', '2026-06-06', 'lintel_hq'), '22023', 'a scope is store or node');
select is(pg_temp.ask('x', 'store', '951004', '2026-06-06', '2026-06-05', 'lintel_hq'), '22023', 'a range runs forward');
select is(pg_temp.ask('x', 'store', '951004', '2000-06-06', '2026-06-05', 'lintel_hq'), '22023', 'over at most 400 days');
select is(pg_temp.ask('x', 'store', '951004', null, '2026-06-05', 'lintel_hq'), '22023', 'from a day');
select is(pg_temp.ask('x', 'store', '951004', '2026-06-06', '2026-06-06', 'anon') || pg_temp.ask('x', 'store', '951004', '2026-06-06', '2026-06-06', 'lintel_gateway'), '4250142501', 'strangers and gateways ask in vain');
select is((select count(*) from data.audit_log where table_name = 'organizations' and new_values #> '{settings,targets}' is not null), 3::bigint, 'targets are in the audit log as any configuration');

select * from finish();
rollback;
