-- Ways around the policies that somebody with SQL, or with a token of the own, could try. PostgREST lets nobody write
-- SQL; what holds here holds for it all the more.
\ir setup.psql
\ir world.psql
select plan(117);

-- As tries(), but the session itself belongs to the role, as for somebody who logged in; everything is undone.
create function pg_temp.as_session(who name, statement text) returns text
language plpgsql as $$
declare
  answer text;
begin
  begin
    execute format('set local session authorization %I', who);
    execute statement into answer;
    raise sqlstate 'UNDO0';
  exception
    when sqlstate 'UNDO0' then return coalesce(answer, '');
    when others then return sqlstate;
  end;
end $$;

-- Partitions.
select b.partition_name as part from private.partition_bounds b
 where b.table_name = 'people_counting_raw' and pg_temp.monday() >= b.from_at and pg_temp.monday() < b.to_at \gset
select matches(pg_temp.tries(p.name, format('select count(*) from partitions.%I', :'part')), '^42501', p.name || ' reads no partition') from pg_temp.personas p;
select matches(pg_temp.tries('hq', format('insert into partitions.%I select * from data.people_counting_raw limit 1', :'part')), '^42501', 'nor writes one, be it HQ');
select is(pg_temp.tries('administrator', 'select count(*) from only data.people_counting_raw'), '0', '"only" shows the empty parent');
select is(pg_temp.tries('administrator', 'select count(distinct store_id) from data.people_counting_raw where tableoid is not null'), '3', 'and rows are the own, whatever partition they say they are in');

-- Functions in conditions, which see rows before others do if they are cheap and the planner may choose.
create table public.seen (name text);
grant insert on public.seen to authenticated;
create function pg_temp.tell(name text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  insert into public.seen values (name);
  return true;
end $$;
select pg_temp.tries('manager', format('select count(*) from %s where pg_temp.tell(name)', r)) from unnest('{data.stores,api.stores}'::text[]) as r \g /dev/null
select is((select string_agg(distinct name, ',' order by name) from public.seen), 'store 1,store 2', 'a function that tells what it is shown is shown the own stores');
truncate public.seen;
select pg_temp.tries('staff', 'select count(*) from api.hourly where pg_temp.tell(store_name)') \g /dev/null
select is((select string_agg(distinct name, ',' order by name) from public.seen), 'store 1,store 2', 'through a view of joins as well');
select is(pg_temp.tries('administrator', 'select count(*) from api.stores where 1 / (id - 810009) is not null'), '3', 'an error that a foreign row would make is not made');
select matches(pg_temp.tries('hq', 'select count(*) from api.stores where 1 / (id - 810009) is not null'), '^22012', 'while the row is there');
select matches(pg_temp.tries(p.name, $$ select query_to_xml('select * from private.signing_keys', true, true, '') $$), '^42501', p.name || ' gets no secret out of a function that runs SQL') from pg_temp.personas p;
select matches(pg_temp.tries('hq', 'select private.my_profile()'), '^42501', 'private functions cannot be named, not even by HQ');
select matches(pg_temp.tries('administrator', 'select private.my_store_ids()'), '^42501', 'nor those that the policies call');

-- Views of one's own.
select matches(pg_temp.as_session('authenticated', 'create view api.mine as select 1'), '42501', 'nobody makes a view in api');
select matches(pg_temp.tries('administrator', $$ with v as materialized (select * from data.user_profiles) select count(*) from v where organization_id = 800009 $$), '^0$', 'a materialized query holds the own rows only');

-- Materialized views.
select is_empty($$ select c.oid::regclass, p.role from pg_class c, pg_temp.personas p
   where c.relkind = 'm' and has_any_column_privilege(p.role, c.oid, 'select') $$, 'no materialized view can be read, by nobody');

-- search_path: everything that can be shadowed by a temporary object is.
grant create on schema public to authenticated;
create function pg_temp.shadowed(statement text) returns text
language plpgsql as $$
declare
  answer text;
begin
  begin
    perform pg_temp.become('staff');
    create temp table stores as select 810009 as id, 'x' as name;
    create temp table organizations (id bigint, organization_id bigint, path text, deleted_at timestamptz);
    create temp table user_profiles (id uuid, organization_id bigint, role text);
    insert into user_profiles values ('80000000-0000-0000-0000-000000000003', 800009, 'organization_administrator');
    create temp table signing_keys (kid text);
    execute 'create function public.current_setting(text, boolean) returns text language sql as ''select ''''{"sub": "80000000-0000-0000-0000-000000000009"}''''''';
    execute 'create function public.now() returns timestamptz language sql as ''select ''''2000-01-01''''::timestamptz''';
    execute 'create function public.same(integer, integer) returns boolean language sql as ''select true''';
    execute 'create operator public.= (leftarg = integer, rightarg = integer, function = public.same)';
    execute 'create type pg_temp.lifecycle as (x text)';
    set local search_path = pg_temp, public, pg_catalog;
    execute statement into answer;
    raise sqlstate 'UNDO0';
  exception
    when sqlstate 'UNDO0' then return answer;
    when others then return format('%s %s', sqlstate, sqlerrm);
  end;
end $$;
select is(pg_temp.shadowed('select string_agg(id::text, '','' order by id) from api.stores'), '810001,810002', 'temporary tables, functions and operators of the same names change nothing in views');
select is(pg_temp.shadowed('select string_agg(id::text, '','') from data.user_profiles'), '80000000-0000-0000-0000-000000000003', 'nor in policies');
select is(pg_temp.shadowed('select count(*) from api.denials()'), '0', 'nor in functions');
select matches(pg_temp.shadowed('update api.sensors set model = ''x'' where id operator(pg_catalog.=) 830001 returning model'), '^42501 store staff may not change model', 'nor in triggers');
select matches(pg_temp.shadowed('update api.user_profiles set timezone_preference = ''Mars/Base'' returning 1'), '^23514', 'nor in checks');
revoke create on schema public from authenticated;

-- Claims. The token's signature is PostgREST's to check; what a valid token says beyond its subject is not asked.
create function pg_temp.sees_with(claims text, who name default 'authenticated') returns text
language plpgsql as $$
declare
  answer text;
begin
  reset role;
  perform set_config('request.jwt.claims', claims, true);
  execute format('set local role %I', who);
  perform pg_temp.announce();
  select concat_ws(' ', (select count(*) from data.stores), (select count(*) from data.organizations), (select count(*) from data.user_profiles),
                   (select count(*) from data.people_counting_raw), (select count(*) from data.audit_log), (select count(*) from api.latest_sensor_data)) into answer;
  reset role;
  return answer;
exception when others then
  reset role;
  return sqlstate;
end $$;
select is(pg_temp.sees_with(claims), '0 0 0 0 0 0', 'nothing is seen with ' || meaning) from (values
  ('', 'empty claims'), ('{}', 'claims without a subject'), ('null', 'claims that are null'), ('[]', 'claims that are a list'), ('"x"', 'claims that are a text'),
  ('{"sub": "8000', 'claims cut off'), ('{"sub": null}', 'no subject'), ('{"sub": 1}', 'a number as subject'), ('{"sub": ["80000000-0000-0000-0000-000000000001"]}', 'a list as subject'),
  ('{"sub": "x'' or true --"}', 'SQL as subject'), ('{"sub": " 80000000-0000-0000-0000-000000000001"}', 'a subject that is almost one'), ('{"sub": "80000000-0000-0000-0000-000000000001\u0000"}', 'a subject with a zero byte'),
  ('{"role": "lintel_hq"}', 'the role claim of HQ'), ('{"role": "lintel_owner", "sub": "aaaaaaaa-0000-0000-0000-000000000001"}', 'the role claim of the owner'),
  ('{"sub": "aaaaaaaa-0000-0000-0000-000000000001", "organization_id": 800001, "store_ids": [810001], "app_metadata": {"role": "organization_administrator"}}', 'claims of tenant, stores and role'),
  (format('{"sub": "%s"}', md5('gateway810001')::uuid), 'the subject of a gateway'),
  ('{"sub": "80000000-0000-0000-0000-000000000005"}', 'the subject of an archived profile'), ('{"sub": "80000000-0000-0000-0000-000000000006"}', 'the subject of a deleted profile'))
  as t (claims, meaning);
select is(pg_temp.sees_with('{"sub": "80000000-0000-0000-0000-000000000003", "role": "lintel_hq", "organization_id": 800009}'), pg_temp.sees_with('{"sub": "80000000-0000-0000-0000-000000000003"}'),
  'staff with claims of HQ see what staff see');
select is(pg_temp.sees_with('{"sub": "80000000-0000-0000-0000-000000000001"}', who), '42501', who || ' with the subject of an administrator sees nothing')
  from unnest('{anon,lintel_gateway}'::text[]) as who;
select is(pg_temp.tries('anonymous', 'select api.gateway_sync_v1(''{}'')'), '42501 permission denied for function gateway_sync_v1', 'nor does anybody anonymous get to a gateway''s function');
select is(pg_temp.tries('hq', 'select api.gateway_sync_v1(''{}'')'), '42501 permission denied for function gateway_sync_v1', 'nor HQ');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace in ('api'::regnamespace, 'private'::regnamespace)
    and p.prosrc ~* 'set_config\s*\(\s*''(request|role|session)|set\s+(local\s+)?(role|session|"?request)' $$, 'no function of ours changes who is asking');

-- Becoming somebody else.
select is(pg_temp.as_session(a.role, format('set local role %I', b.role)), '42501', format('%s cannot become %s', a.role, b.role))
  from unnest('{anon,authenticated,lintel_gateway,lintel_hq}'::name[]) as a (role),
       unnest('{authenticated,lintel_gateway,lintel_hq,lintel_owner}'::name[]) as b (role) where a.role <> b.role;
select is(pg_temp.as_session('authenticated', statement), '42501', 'refused: ' || statement) from unnest(array[
  'select set_config(''role'', ''lintel_hq'', true)', 'set local session_replication_role = replica',
  'alter table data.stores disable row level security', 'alter table data.stores no force row level security', 'create policy mine on data.stores using (true)',
  'lock table data.stores in access exclusive mode', 'truncate data.stores', 'drop view api.stores', 'alter function private.my_store_ids() owner to authenticated',
  'copy data.stores to program ''cat''']) as statement;
create function pg_temp.without_row_security() returns text
language plpgsql as $$
begin
  perform pg_temp.become('administrator');
  set local row_security = off;
  return (select count(*) from data.stores);
exception when others then
  reset role;
  return sqlstate;
end $$;
select is(pg_temp.without_row_security(), '42501', 'switching the policies off is answered with an error, not with rows');

-- What was deleted or ended: store 4, the node "closed", and store 5 below it.
select is(pg_temp.tries(who, format('select count(*) from %s where %s', relation, condition)), '0', format('%s sees nothing of what was deleted in %s', who, relation))
  from unnest('{administrator,manager,staff,auditor}'::text[]) as who,
       (values ('data.stores', 'id in (810004, 810005)'), ('data.sensor_metadata', 'store_id in (810004, 810005)'),
               ('data.people_counting_raw', 'store_id in (810004, 810005)'), ('data.organizations', 'id = 800015')) as t (relation, condition);
select is(pg_temp.tries('manager', 'update data.stores set deleted_at = null where id = 810004'), '0', 'nobody brings a deleted store back');
update data.organizations set deleted_at = now() where id = 800001;
select is(pg_temp.tries(who, 'select count(*) from data.stores'), '0', who || ' of a deleted tenant sees nothing')
  from unnest('{administrator,manager,staff,auditor}'::text[]) as who;
update data.organizations set deleted_at = null where id = 800001;
update data.user_profiles set lifecycle = 'review' where id = '80000000-0000-0000-0000-000000000001';
select is(pg_temp.tries('administrator', 'select count(*) from data.stores'), '0', 'only an active profile sees anything');
select is(pg_temp.tries('administrator', $$ update api.user_profiles set lifecycle = 'active' $$), '0', 'and it does not activate itself');
update data.user_profiles set lifecycle = 'active' where id = '80000000-0000-0000-0000-000000000001';

-- Side doors of single statements.
select matches(pg_temp.tries('administrator', format($$ insert into data.stores (public_id, node_id, name) values (%L, 800011, 'x') on conflict (public_id) do update set name = 'mine' $$,
  (select public_id from data.stores where id = 810009))), '^42501', 'a conflict with a foreign row does not reach it');
select is((select name from data.stores where id = 810009), 'store 9', 'which stays as it was');
select is(pg_temp.tries('auditor', 'with l as (select 1 from data.stores for update) select count(*) from l'), '0', 'who may not change rows cannot lock them either');
analyze data.stores;
select isnt((select count(*) from pg_stats where schemaname = 'data'), 0::bigint, 'there are statistics');
select is(pg_temp.tries('administrator', 'select count(*) from pg_stats where schemaname in (''data'', ''private'', ''partitions'')'), '0', 'statistics tell nothing of values');
select matches(pg_temp.tries('administrator', 'select count(*) from pg_statistic'), '^42501', 'in their raw form neither');
select matches(pg_temp.tries('administrator', 'create temp table probe (id integer references data.stores (id))'), '^(42501|42P16)', 'a foreign key of one''s own does not ask which stores exist');

select * from finish();
rollback;
