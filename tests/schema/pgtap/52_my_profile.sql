\ir setup.psql
select plan(15);
insert into data.organizations (id, name, level) values (940001, 'Chain', 1), (940002, 'Other', 1);
insert into data.organizations (id, parent_id, name, level) values (940011, 940001, 'North', 2);
insert into data.stores (id, organization_id, node_id, name) values (941001, 940001, 940011, 'one'), (941002, 940001, 940001, 'two'), (941003, 940002, 940002, 'foreign');
insert into data.user_profiles (id, organization_id, role, display_name, node_ids, store_ids) values
  ('b2000000-0000-0000-0000-000000000001', 940001, 'organization_administrator', 'Ada', '{}', '{}'),
  ('b2000000-0000-0000-0000-000000000002', 940001, 'regional_manager', 'Rae', '{940011}', '{941002,941003}'),
  ('b2000000-0000-0000-0000-000000000003', 940001, 'store_staff', 'Sam', '{}', '{941001}');

create function pg_temp.become(sub text, who text default 'authenticated') returns void
language sql as $$ select set_config('request.jwt.claims', json_build_object('role', who, 'sub', sub)::text, true) $$;
create function pg_temp.profile(sub text) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform pg_temp.become(sub);
  set local role authenticated;
  select jsonb_agg(to_jsonb(p)) into answer from api.my_profile p;
  reset role;
  return answer;
end $$;
create function pg_temp.change(sub text, arguments text) returns text
language plpgsql as $$
begin
  perform pg_temp.become(sub);
  set local role authenticated;
  execute format('select api.change_my_profile(%s)', arguments);
  reset role;
  return 'done';
exception when others then
  reset role;
  return sqlstate || ' ' || sqlerrm;
end $$;

select is(pg_temp.profile('b2000000-0000-0000-0000-000000000001'), (select jsonb_build_array(jsonb_build_object('id', 'b2000000-0000-0000-0000-000000000001',
  'role', 'organization_administrator', 'display_name', 'Ada', 'timezone_preference', 'UTC', 'email_notifications', false, 'organization_id', 940001, 'organization_name', 'Chain',
  'nodes', jsonb_build_array(jsonb_build_object('id', 940001, 'public_id', public_id, 'name', 'Chain')), 'stores', '[]'::jsonb, 'store_count', 2)) from data.organizations where id = 940001),
  'an administrator reads its role, tenant and root');
select is(pg_temp.profile('b2000000-0000-0000-0000-000000000002') #> '{0,nodes,0,name}', '"North"', 'a manager its nodes');
select is(jsonb_path_query_array(pg_temp.profile('b2000000-0000-0000-0000-000000000002'), '$[0].stores[*].name'), '["two"]', 'and single stores, of its own tenant only');
select is(pg_temp.profile('b2000000-0000-0000-0000-000000000002') #> '{0,store_count}', '2', 'and how many stores that makes');
select is(pg_temp.profile('b2000000-0000-0000-0000-000000000003') #>> '{0,organization_name}', null, 'staff do not see the root''s name');
select is(pg_temp.profile('b2000000-0000-0000-0000-000000000009'), null, 'without a profile there is nothing');

select is(pg_temp.change('b2000000-0000-0000-0000-000000000003', $$timezone_preference => 'Europe/Rome', email_notifications => true$$), 'done', 'a person changes its zone and wish for mail');
select is((select array[display_name, timezone_preference, email_notifications::text] from data.user_profiles where id = 'b2000000-0000-0000-0000-000000000003'),
  array['Sam', 'Europe/Rome', 'true'], 'and what it left out stays');
select is(pg_temp.change('b2000000-0000-0000-0000-000000000003', $$display_name => 'Samira'$$), 'done', 'and its name');
select is((select array_agg(display_name order by id) from data.user_profiles where organization_id = 940001), array['Ada', 'Rae', 'Samira'], 'nobody else''s changes');
select matches(pg_temp.change('b2000000-0000-0000-0000-000000000003', $$timezone_preference => 'Mars/Olympus'$$), '^23514 .*is not a time zone', 'a zone has to exist');
select matches(pg_temp.change('b2000000-0000-0000-0000-000000000003', $$display_name => repeat('x', 201)$$), '^23514', 'a name has to be of a reasonable length');
select matches(pg_temp.change('b2000000-0000-0000-0000-000000000009', $$display_name => 'x'$$), '^42501 .*no active profile', 'somebody without a profile changes nothing');
select is((select array_agg(distinct k order by k) from data.audit_log a, jsonb_object_keys(a.new_values) k where a.table_name = 'user_profiles' and a.action = 'update'),
  array['display_name', 'email_notifications', 'timezone_preference'], 'changes are in the audit log');
select is_empty($$ select r from unnest('{anon,lintel_gateway}'::text[]) r where has_table_privilege(r, 'api.my_profile', 'select')
   or has_function_privilege(r, 'api.change_my_profile(text,text,boolean)', 'execute') $$, 'strangers and gateways have no profile');

select * from finish();
rollback;
