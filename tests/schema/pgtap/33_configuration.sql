\ir setup.psql
\ir world.psql
select plan(82);

-- Administrators.
select is(pg_temp.tries('administrator', $$ insert into api.stores (node_id, name, timezone) values (800013, 'store 6', 'Asia/Tokyo') returning organization_id || ' ' || name || ' ' || timezone || ' ' || lifecycle $$),
  '800001 store 6 Asia/Tokyo active', 'an administrator adds a store and gets it back, tenant and defaults filled in');
select is((select created_by from data.stores where name = 'store 6'), '80000000-0000-0000-0000-000000000001'::uuid, 'the row knows who made it');
select is(pg_temp.tries('administrator', $$ update api.stores set name = 'store six', day_start_minute = 240 where name = 'store 6' $$), '1', 'changes it');
select matches(pg_temp.tries('administrator', $$ insert into api.organizations (parent_id, name, level) values (800013, 'far west', 3) returning path $$),
  '^800001\.800013\.\d+$', 'adds a node');
select is(pg_temp.tries('administrator', $$ update api.organizations set parent_id = 800014 where name = 'far west' $$), '1', 'moves it');
select is(pg_temp.tries('administrator', $$ update api.stores set node_id = (select id from api.organizations where name = 'far west') where name = 'store six' $$), '1', 'and the store below it');
select is(pg_temp.tries('administrator', $$ insert into api.sensors (gateway_id, serial, name) values (820001, 'NEW', 'new') returning organization_id || ' ' || store_id || ' ' || lifecycle $$),
  '800001 810001 planning', 'prepares a sensor');
select is(pg_temp.tries('administrator', $$ update api.sensors set lifecycle = 'active' where serial = 'NEW' $$), '1', 'confirms it');
select is(pg_temp.tries('administrator', $$ insert into api.region_configurations (sensor_id, region, name, capacity) values (830001, 'till', 'Till', 5) returning store_id $$), '810001', 'adds a region');
select is(pg_temp.tries('administrator', $$ update api.gateways set lifecycle = 'archived' where id = 820003 $$), '1', 'revokes a gateway');
select is(pg_temp.tries('administrator', $$ insert into api.user_profiles (id, role, store_ids) values ('80000000-0000-0000-0000-0000000000f1', 'store_staff', '{810003}') returning organization_id $$),
  '800001', 'adds a person, to the own tenant');
select is(pg_temp.tries('administrator', $$ update api.user_profiles set role = 'regional_manager', node_ids = '{800013}' where id = '80000000-0000-0000-0000-0000000000f1' $$), '1', 'gives it another role');
select is(pg_temp.tries('administrator', $$ update api.stores set owner_id = '80000000-0000-0000-0000-000000000002', assigned_to = '80000000-0000-0000-0000-000000000003' where id = 810001 $$), '1', 'and says who owns a store');
select is((select created_by || ' ' || updated_by from data.user_profiles where id = '80000000-0000-0000-0000-0000000000f1'),
  '80000000-0000-0000-0000-000000000001 80000000-0000-0000-0000-000000000001', 'all of it signed');

select matches(pg_temp.tries('administrator', $$ insert into api.stores (node_id, name) values (800091, 'x') $$), '^42501 .*row-level security', 'a store cannot be hung from a foreign node');
select is(pg_temp.tries('administrator', $$ insert into api.stores (node_id, name) values (1, 'x') $$), pg_temp.tries('administrator', $$ insert into api.stores (node_id, name) values (800091, 'x') $$),
  'and nothing tells a foreign node from one that does not exist');
select matches(pg_temp.tries('administrator', $$ update api.stores set node_id = 800091 where id = 810001 $$), '^42501 .*row-level security', 'nor moved there');
select matches(pg_temp.tries('administrator', $$ insert into api.organizations (parent_id, name, level) values (800091, 'x', 3) $$), '^23503 organization 800091 does not exist', 'a node cannot be hung from a foreign one');
select is(pg_temp.tries('administrator', $$ insert into api.organizations (parent_id, name, level) values (1, 'x', 3) $$), '23503 organization 1 does not exist', 'which looks as one that does not exist');
select matches(pg_temp.tries('administrator', $$ update api.organizations set parent_id = 800091 where id = 800011 $$), '^23503 organization 800091 does not exist', 'nor moved there');
select matches(pg_temp.tries('administrator', $$ insert into api.organizations (name) values ('a tenant of mine') $$), '^42501 .*row-level security', 'an administrator makes no tenant');
select matches(pg_temp.tries('administrator', $$ delete from api.organizations where id = 800001 $$), '^(23514|42501)', 'nor ends the own');
select matches(pg_temp.tries('administrator', $$ insert into api.sensors (gateway_id, serial, name) values (820009, 'x', 'x') $$), '^42501 .*row-level security', 'no sensor for a foreign gateway');
select matches(pg_temp.tries('administrator', $$ insert into api.region_configurations (sensor_id, region, name) values (830009, 'x', 'x') $$), '^42501 .*row-level security', 'no region for a foreign sensor');
select matches(pg_temp.tries('administrator', $$ update api.sensors set gateway_id = 820002 where id = 830001 $$), '^23503', 'no sensor moves to the gateway of another store');
select is(pg_temp.tries('administrator', $$ update api.stores set name = 'mine' where id = 810009 $$), '0', 'a foreign store is not found');
select is(pg_temp.tries('administrator', $$ delete from api.stores where id = 810009 $$), '0', 'nor deleted');
select is(pg_temp.tries('administrator', $$ update api.user_profiles set role = 'auditor' where id = '80000000-0000-0000-0000-000000000009' $$), '0', 'nor a foreign person changed');
select matches(pg_temp.tries('administrator', format('update %s set organization_id = 800009', v)), '^42501 permission denied', 'organization_id of ' || v || ' cannot be written')
  from unnest('{api.organizations,api.stores,api.gateways,api.sensors,api.region_configurations,api.user_profiles}'::text[]) as v;
select matches(pg_temp.tries('administrator', $$ insert into api.user_profiles (id, organization_id, role) values (gen_random_uuid(), 800009, 'organization_administrator') $$), '^42501 permission denied', 'nobody is put into a foreign tenant');
select matches(pg_temp.tries('administrator', $$ update api.user_profiles set node_ids = '{800091}' where id = '80000000-0000-0000-0000-000000000002' $$), '^23514 node 800091 is none of organization 800001', 'no person gets a foreign node');
select matches(pg_temp.tries('administrator', $$ update api.user_profiles set store_ids = '{810001,810009}' where id = '80000000-0000-0000-0000-000000000003' $$), '^23514 store 810009 is none of', 'nor a foreign store');
select matches(pg_temp.tries('administrator', $$ update api.user_profiles set timezone_preference = 'Mars/Base' where id = '80000000-0000-0000-0000-000000000003' $$), '^23514 .*not a time zone', 'nor a time zone that is none');
select matches(pg_temp.tries('administrator', $$ update api.stores set owner_id = '80000000-0000-0000-0000-000000000009' where id = 810001 $$), '^23503', 'a foreign person owns nothing here');
select matches(pg_temp.tries('administrator', $$ update api.stores set config_version = 7 $$), '^42501 permission denied', 'config_version is the database''s');
select matches(pg_temp.tries('administrator', $$ update api.gateways set health = '{}' $$), '^42501 permission denied', 'health is the gateway''s');
select matches(pg_temp.tries('administrator', $$ insert into api.gateways (name) values ('x') $$), '^42501 permission denied', 'gateways enrol themselves');
select matches(pg_temp.tries('administrator', $$ update data.people_counting_raw set count_in = 1000 $$), '^42501 permission denied', 'counts are nobody''s to change');

-- Deleting.
select matches(pg_temp.tries('administrator', $$ delete from api.organizations where id = 800011 $$), '^23514 organization 800011 still has 0 nodes and 1 stores', 'a node with stores is not deleted');
select is(pg_temp.tries('administrator', $$ delete from api.stores where id = 810003 $$), '1', 'a store is');
select ok((select deleted_at is not null from data.stores where id = 810003), 'by marking it');
select is(pg_temp.tries('administrator', $$ select count(*) from data.people_counting_raw where store_id = 810003 $$), '0', 'its counts are out of sight');
select is(pg_temp.tries('administrator', $$ update data.stores set deleted_at = null where id = 810003 $$), '0', 'and it cannot be brought back by whoever deleted it');
select is(pg_temp.tries('administrator', $$ delete from api.organizations where id = 800013 $$), '1', 'now the node can go');
select matches(pg_temp.tries('administrator', $$ insert into api.stores (node_id, name) values (800013, 'x') $$), '^42501', 'and nothing hangs from it any more');
select is(pg_temp.tries('administrator', $$ delete from api.sensors where serial = 'NEW' $$), '1', 'a sensor is deleted');
select is(pg_temp.tries('administrator', $$ select count(*) from api.sensors where serial = 'NEW' $$), '0', 'and not shown');
select is(pg_temp.tries('administrator', $$ delete from api.user_profiles where id = '80000000-0000-0000-0000-0000000000f1' $$), '1', 'and a person');

-- Regional managers.
select is(pg_temp.tries('manager', $$ insert into api.stores (node_id, name) values (800012, 'store 7') returning name $$), 'store 7', 'a manager adds a store below the own nodes');
select matches(pg_temp.tries('manager', $$ insert into api.stores (node_id, name) values (800014, 'x') $$), '^42501', 'not below others');
select is(pg_temp.tries('manager', $$ update api.stores set node_id = 800012 where id = 810001 $$), '1', 'moves one from one own node to the other');
select matches(pg_temp.tries('manager', $$ update api.stores set node_id = 800014 where id = 810001 $$), '^42501', 'but not out of sight');
select is(pg_temp.tries('manager', $$ update api.sensors set settings = '{"a": 1}' where store_id = 810002 $$), '1', 'configures sensors');
select matches(pg_temp.tries('manager', $$ insert into api.organizations (parent_id, name, level) values (800011, 'x', 3) $$), '^42501', 'not the tree');
select is(pg_temp.tries('manager', $$ update api.gateways set lifecycle = 'archived' $$), '0', 'nor gateways');
select matches(pg_temp.tries('manager', $$ update api.user_profiles set role = 'organization_administrator' $$), '^42501 regional manager may not change role of user_profiles', 'nor the own role');
select matches(pg_temp.tries('manager', $$ update api.user_profiles set node_ids = '{800001}' $$), '^42501 regional manager may not change node_ids', 'nor the own reach');
update data.user_profiles set store_ids = '{810009}' where id = '80000000-0000-0000-0000-000000000002';
select is(pg_temp.tries('manager', $$ select count(*) from api.stores where id = 810009 $$), '0', 'a foreign store in the profile gives nothing');
update data.user_profiles set node_ids = '{800011}', store_ids = '{810002}' where id = '80000000-0000-0000-0000-000000000002';
select is(pg_temp.tries('manager', $$ select count(*) from api.stores where id = 810002 $$), '1', 'a single store is read');
select is(pg_temp.tries('manager', $$ update api.sensors set name = 'x' where store_id = 810002 $$), '0', 'and not managed');

-- Store staff, auditors, everybody's own profile, HQ.
select is(pg_temp.tries('staff', $$ update api.sensors set name = 'South door' where id = 830002 $$), '1', 'staff name a sensor');
select is(pg_temp.tries('staff', $$ update api.region_configurations set name = 'Counter' where store_id = 810002 $$), '1', 'and a region');
select matches(pg_temp.tries('staff', $$ update api.sensors set name = 'x', lifecycle = 'archived', model = 'y' where id = 830002 $$), '^42501 store staff may not change lifecycle, model of sensor_metadata', 'nothing else of it');
select matches(pg_temp.tries('staff', $$ delete from api.sensors where id = 830002 $$), '^42501 store staff may not change deleted_at', 'delete none');
select is(pg_temp.tries('staff', $$ update api.user_profiles set display_name = 'Sam', timezone_preference = 'Europe/Rome', email_notifications = true $$), '1', 'people say how they are called, where they are and whether they want mail');
select is(pg_temp.tries('auditor', format('update %s set name = ''x''', v)), '0', 'an auditor changes nothing of ' || v)
  from unnest('{api.organizations,api.stores,api.sensors,api.region_configurations}'::text[]) as v;
select is(pg_temp.tries('hq', $$ insert into api.organizations (name) values ('New chain') returning (organization_id = id)::text || coalesce(created_by::text, '') $$), 'true', 'HQ makes a tenant, signed in the audit log only');
select is(pg_temp.tries('hq', format($$ insert into api.user_profiles (id, organization_id, role) values (gen_random_uuid(), %s, 'organization_administrator') $$, (select id from data.organizations where name = 'New chain'))), '1', 'and its first administrator');
select matches(pg_temp.tries('hq', $$ insert into api.user_profiles (id, organization_id, role) values (gen_random_uuid(), 800011, 'auditor') $$), '^23503', 'whose tenant must be a root');

-- The shapes in which PostgREST writes: a body of JSON, columns by name, answered with rows or with nothing.
select is(pg_temp.tries('manager', $$ with source as (insert into api.stores (name, node_id)
    select b.name, b.node_id from json_to_recordset('[{"name": "by json 1", "node_id": 800011}, {"name": "by json 2", "node_id": 800011}]') as b (name text, node_id bigint) returning 1)
  select count(*) from source $$), '2', 'a list of stores is posted');
select is(pg_temp.tries('manager', $$ with source as (insert into api.stores (name, node_id)
    select b.name, b.node_id from json_to_recordset('[{"name": "by json 3", "node_id": 800011}]') as b (name text, node_id bigint) returning api.stores.*)
  select string_agg(name || ' ' || timezone, ',') from source $$), 'by json 3 UTC', 'a new store is answered as it is seen');
select is(pg_temp.tries('manager', $$ with source as (update api.stores set name = b.name from (select * from json_to_record('{"name": "patched"}') as b (name text)) as b
    where api.stores.name = 'by json 3' returning api.stores.*)
  select string_agg(name, ',') from source $$), 'patched', 'patched');
select is(pg_temp.tries('manager', $$ with source as (delete from api.stores where name in ('patched', 'by json 1') returning api.stores.*) select count(*) from source $$), '2', 'deleted');
select is(pg_temp.tries('manager', $$ with source as (delete from api.stores where name in ('patched', 'by json 1') returning 1) select count(*) from source $$), '0', 'and deleted once');

select * from finish();
rollback;
