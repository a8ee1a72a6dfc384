\ir setup.psql
select plan(22);

insert into data.organizations (id, name, level) values (900001, 'Producer', 1), (900002, 'Other', 1);
insert into data.organizations (id, parent_id, name, level) values
  (900011, 900001, 'Project', 2), (900012, 900011, 'Production', 3), (900013, 900012, 'Activation', 4),
  (900014, 900013, 'Workspace', 5), (900015, 900014, 'Sub-workspace', 5), (900021, 900001, 'Second project', 2);

select is((select path::text from data.organizations where id = 900015), '900001.900011.900012.900013.900014.900015',
  'a node knows its way down from the root');
select is((select array_agg(distinct organization_id) from data.organizations where id between 900011 and 900021),
  array[900001::bigint], 'every node carries its tenant');
select throws_ok($$ insert into data.organizations (parent_id, name, level) values (900012, 'x', 3) $$, '23514', null,
  'a child must rank below its parent');
select throws_ok($$ update data.organizations set parent_id = 900014 where id = 900012 $$, '23514', null,
  'a node cannot stand below itself');
select throws_ok($$ update data.organizations set parent_id = 900002 where id = 900021 $$, '23514', null,
  'a node never changes its tenant');
select throws_ok($$ update data.organizations set organization_id = 900002 where id = 900021 $$, '23514', null,
  'nor does its organization_id');
select lives_ok($$ insert into data.organizations (id, parent_id, name, level) values (900016, 900015, 'seven', 5), (900017, 900016, 'eight', 5) $$,
  'workspaces nest to the eighth level');
select throws_ok($$ insert into data.organizations (parent_id, name, level) values (900017, 'nine', 5) $$, '23514', null,
  'and no deeper');
update data.organizations set parent_id = 900021 where id = 900012;
select is((select path::text from data.organizations where id = 900015), '900001.900021.900012.900013.900014.900015',
  'a moved node takes its subtree along');

insert into data.stores (id, organization_id, node_id, name) values
  (910001, 900001, 900001, 'at the root'), (910002, 900001, 900015, 'deep down'), (910003, 900002, 900002, 'foreign');
select throws_ok($$ insert into data.stores (organization_id, node_id, name) values (900001, 900002, 'x') $$, '23503', null,
  'a store cannot hang from a foreign node');
select throws_ok($$ insert into data.stores (organization_id, node_id, name, timezone) values (900001, 900001, 'x', 'Europe/Berlinn') $$,
  '23514', null, 'a time zone must exist');
select throws_ok($$ insert into data.gateways (organization_id, store_id, name) values (900002, 910001, 'x') $$, '23503', null,
  'a gateway cannot claim a store of another tenant');
insert into data.gateways (id, organization_id, store_id, name) values (920001, 900001, 910001, 'g'), (920003, 900002, 910003, 'g');
select throws_ok($$ insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name) values (900001, 910002, 920001, 's', 's') $$,
  '23503', null, 'a sensor''s gateway stands in the sensor''s store');
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name) values
  (930001, 900001, 910001, 920001, 's', 's'), (930003, 900002, 910003, 920003, 's', 's');

insert into data.user_profiles (id, organization_id, role, node_ids, store_ids, lifecycle) values
  ('a0000000-0000-0000-0000-000000000001', 900001, 'organization_administrator', '{}', '{}', 'active'),
  ('a0000000-0000-0000-0000-000000000002', 900001, 'regional_manager', '{900021}', '{}', 'active'),
  ('a0000000-0000-0000-0000-000000000003', 900001, 'store_staff', '{}', '{910001,910003}', 'active'),
  ('a0000000-0000-0000-0000-000000000004', 900001, 'regional_manager', '{900002}', '{}', 'active'),
  ('a0000000-0000-0000-0000-000000000005', 900001, 'organization_administrator', '{}', '{}', 'archived');

create function pg_temp.sees(sub text, relation text default 'data.stores', col text default 'id') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', sub)::text, true);
  set local role authenticated;
  execute format('select coalesce(string_agg(%1$I::text, '','' order by %1$I), '''') from %2$s', col, relation) into answer;
  reset role;
  return answer;
end $$;

select is(pg_temp.sees('a0000000-0000-0000-0000-000000000001'), '910001,910002', 'an administrator sees the tenant''s stores and no other');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000002'), '910002', 'a manager sees the stores below the nodes');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000003'), '910001', 'staff see their stores; a foreign id gives nothing');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000004'), '', 'a foreign node gives nothing');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000005'), '', 'an archived profile sees nothing');
select is(pg_temp.sees('nonsense'), '', 'a token without a profile sees nothing');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000001', 'api.latest_sensor_data', 'sensor_id'), '930001',
  'latest_sensor_data shows the own sensors only');
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000003', 'data.user_profiles'), 'a0000000-0000-0000-0000-000000000003',
  'people see their own profile only');
update data.stores set deleted_at = now() where id = 910001;
select is(pg_temp.sees('a0000000-0000-0000-0000-000000000001'), '910002', 'a deleted store is gone from sight');

select * from finish();
rollback;
