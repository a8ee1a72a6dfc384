\ir setup.psql
select plan(25);
-- One customer's tree, with a workspace in a workspace; another's with names of its own.
insert into data.organizations (id, name, level) values (970001, 'Producer', 1), (970101, 'Retailer', 1);
insert into data.organizations (id, parent_id, name, level) values
  (970002, 970001, 'Festival', 2), (970003, 970002, 'Main stage', 3), (970004, 970003, 'Opening', 4), (970005, 970004, 'Crew', 5), (970006, 970005, 'Night crew', 5),
  (970102, 970101, 'France', 2), (970103, 970102, 'South', 3);
insert into data.stores (id, organization_id, node_id, name) values (971001, 970001, 970006, 'deep down'), (971101, 970101, 970103, 'Nice');
update data.organizations set settings = '{"level_names": ["brand", "country", "region", "area", "street"]}' where id = 970101;
insert into data.user_profiles (id, organization_id, role, node_ids) values
  ('b5000000-0000-0000-0000-000000000001', 970001, 'organization_administrator', '{}'), ('b5000000-0000-0000-0000-000000000002', 970001, 'regional_manager', '{970005}'),
  ('b5000000-0000-0000-0000-000000000003', 970101, 'regional_manager', '{970103}');
create function pg_temp.tree(n integer, columns text, who text default 'authenticated') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', 'b5000000-0000-0000-0000-00000000000' || n)::text, true);
  execute format('set local role %I', who);
  execute format('select string_agg(concat_ws('' '', %s), '', '' order by path) from api.tree where id between 970000 and 979999', columns) into answer;
  reset role;
  return answer;
end $$;

select is(pg_temp.tree(1, 'depth, level_name, name'),
  '1 organization Producer, 2 project Festival, 3 production Main stage, 4 activation Opening, 5 workspace Crew, 6 workspace Night crew', 'a tree of five named levels, the fifth nested');
select is(pg_temp.tree(2, 'array_to_string(path_names, ''/'')'), 'Producer/Festival/Main stage/Opening/Crew, Producer/Festival/Main stage/Opening/Crew/Night crew',
  'who stands at a node sees it and what is below, with the names of the way down');
select is(pg_temp.tree(3, 'level_name, array_to_string(path_level_names, ''/'')'), 'region brand/country/region', 'the names of levels are the tenant''s own');
select is(pg_temp.tree(9, 'name', 'lintel_hq'), (select string_agg(name, ', ' order by path::text) from data.organizations where id between 970000 and 979999), 'HQ sees every tree');
select is(pg_temp.tree(8, 'name'), null, 'somebody without a profile none');
select is_empty($$ select r from unnest('{anon,lintel_gateway}'::text[]) r where has_table_privilege(r, 'api.tree', 'select') $$, 'strangers and gateways neither');

create function pg_temp.refusal(id bigint, settings jsonb) returns text
language plpgsql as $$
begin
  update data.organizations o set settings = refusal.settings where o.id = refusal.id;
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select matches(pg_temp.refusal(970001, jsonb_build_object('level_names', names::jsonb)), message, names) from (values
  ('5', 'an array of five'), ('[]', 'an array of five'), ('["a", "b", "c", "d"]', 'an array of five'), ('["a", "b", "c", "d", ""]', '1 to 50'), ('["a", "b", "c", "d", 5]', '1 to 50'),
  ('["a", "b", "c", "d", "A"]', 'same name'), ('["a", "b", "c", "d", "e"]', 'taken')) as t (names, message);
select matches(pg_temp.refusal(970002, '{"level_names": ["a", "b", "c", "d", "e"]}'), 'only the root', 'a node below the root names no levels');

-- Disorder.
create function pg_temp.move(id bigint, parent bigint, level integer default null) returns text
language plpgsql as $$
begin
  update data.organizations o set parent_id = parent, level = coalesce(move.level, o.level) where o.id = move.id;
  return 'done';
exception when check_violation or foreign_key_violation then
  return sqlerrm;
end $$;
select matches(pg_temp.move(970005, 970006), 'cannot stand below itself', 'a workspace cannot stand below its own sub-workspace');
select matches(pg_temp.move(970006, 970006), 'cannot stand below itself|cannot stand below', 'nor below itself');
select matches(pg_temp.move(970002, 970003), 'cannot stand below', 'nor a project below its production');
select matches(pg_temp.move(970003, 970002, 2), 'cannot stand below level 2', 'a level cannot stand below its like');
select matches(pg_temp.move(970003, 970002, 5), 'would outrank', 'nor change so that a child outranks it');
select matches(pg_temp.move(970006, 970102), 'tenant', 'nor move to another tenant');
select matches(pg_temp.move(970006, null), 'tenant|root', 'nor become a tenant');
select matches(pg_temp.move(970006, 1), 'does not exist', 'nor hang from nothing');
select is(pg_temp.move(970004, 970002), 'done', 'a node may skip a level');
select is(pg_temp.tree(1, 'path'), '970001, 970001.970002, 970001.970002.970003, 970001.970002.970004, 970001.970002.970004.970005, 970001.970002.970004.970005.970006', 'and takes what is below along');
insert into data.organizations (id, parent_id, name, level) values (970007, 970006, 'x', 5), (970008, 970007, 'x', 5), (970009, 970008, 'x', 5);
select throws_ok($$ update data.organizations set parent_id = 970003 where id = 970004 $$, '23514', null, 'a move that would take a node below the eighth level is refused');

select * from finish();
rollback;
