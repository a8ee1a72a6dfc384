-- The privileges that the catalog knows, whoever granted them: rules that hold for every object, not a list of them.
\ir setup.psql
select plan(28);

create table pg_temp.ours as select oid, nspname from pg_namespace where nspname in ('data', 'api', 'private', 'partitions', 'monitor');
create view pg_temp.privileges as
  select 'schema' as kind, n.nspname as schema, n.nspname::text as object, null::name as column_name, a.*
    from pg_namespace n join pg_temp.ours using (oid), aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
  union all
  select case when c.relkind = 'S' then 'sequence' else 'relation' end, o.nspname, c.oid::regclass::text, null, a.*
    from pg_class c join pg_temp.ours o on o.oid = c.relnamespace,
         aclexplode(coalesce(c.relacl, acldefault(case when c.relkind = 'S' then 's' else 'r' end::"char", c.relowner))) as a
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column', o.nspname, c.oid::regclass::text, t.attname, a.*
    from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_temp.ours o on o.oid = c.relnamespace, aclexplode(t.attacl) as a
  union all
  select 'function', o.nspname, p.oid::regprocedure::text, null, a.*
    from pg_proc p join pg_temp.ours o on o.oid = p.pronamespace, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a;
create view pg_temp.given as
  select p.*, case when p.grantee = 0 then 'public' else (select rolname from pg_roles where oid = p.grantee) end as role
    from pg_temp.privileges p where p.grantee <> (select oid from pg_roles where rolname = 'lintel_owner');
create function pg_temp.people() returns name[] language sql as $$ select '{authenticated,lintel_hq}'::name[] $$;

-- Who has anything at all.
select is_empty($$ select kind, object, privilege_type from pg_temp.given where role = 'public' $$, 'everybody has no privilege on anything');
select is_empty($$ select kind, object, role from pg_temp.given where role not in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor') $$,
  'no role that is not ours has any');
select is_empty($$ select kind, object, role from pg_temp.given where is_grantable $$, 'nobody may pass on what was granted');
select is_empty($$ select kind, object, role, privilege_type from pg_temp.given where schema in ('private', 'partitions') and kind <> 'function' $$,
  'nobody has anything in private and partitions');
select is_empty($$ select object, role from pg_temp.given where kind = 'sequence' $$, 'nobody counts our sequences');
select set_eq($$ select object, role, privilege_type from pg_temp.given where kind = 'schema' $$,
  $$ values ('api', 'anon'::name, 'USAGE'), ('api', 'authenticated', 'USAGE'), ('api', 'lintel_gateway', 'USAGE'), ('api', 'lintel_hq', 'USAGE'),
            ('data', 'authenticated', 'USAGE'), ('data', 'lintel_hq', 'USAGE'), ('monitor', 'lintel_monitor', 'USAGE') $$, 'these schemas can be used, and nothing created in them');
select is_empty($$ select kind, object, role from pg_temp.given where role in ('anon', 'lintel_gateway') and kind not in ('schema', 'function') $$,
  'gateways and anonymous callers have functions and nothing else');
select is_empty($$ select defaclobjtype, a.* from pg_default_acl d, aclexplode(d.defaclacl) as a
   where d.defaclrole = 'lintel_owner'::regrole and a.grantee <> 'lintel_owner'::regrole $$, 'what will be made is closed as well');

-- Tables and columns.
select is_empty($$ select object, role, privilege_type from pg_temp.given
   where schema = 'data' and kind = 'relation' and not (role = any (pg_temp.people()) and privilege_type = 'SELECT') $$,
  'of the business tables people and HQ have but reading');
select is_empty($$ select object, column_name, role, privilege_type from pg_temp.given
   where kind = 'column' and not (schema = 'data' and role = any (pg_temp.people()) and privilege_type in ('INSERT', 'UPDATE')) $$,
  'and writing of single columns');
select is_empty($$ select object, column_name, role from pg_temp.given where kind = 'column' and privilege_type = 'UPDATE'
    and column_name ~ '^(id|public_id|organization_id|store_id|sensor_id|region|path|config_version|created_.*|updated_.*|status|state|health|version|last_.*|offline_since|count_.*|occupancy.*|readings)$' $$,
  'no key, tenant, measurement or health can be written');
select is_empty($$ select object, column_name, role from pg_temp.given where kind = 'column' and privilege_type = 'INSERT'
    and column_name ~ '^(organization_id|store_id|path|config_version|created_.*|updated_.*|deleted_at|status|state|health|version|last_.*|offline_since)$'
    and (object, column_name, role) <> ('data.user_profiles', 'organization_id', 'lintel_hq') $$,
  'nor chosen for a new row; only HQ says of which tenant a person is');
select is_empty($$ select g.object, g.column_name from pg_temp.given g
   where g.kind = 'column' and g.privilege_type = 'UPDATE' and not exists (
     select from pg_trigger t where t.tgrelid = g.object::regclass and t.tgfoid = 'private.audit_row()'::regprocedure and t.tgenabled in ('O', 'A')
        and g.column_name::text = any (string_to_array(encode(t.tgargs, 'escape'), '\000'))) $$,
  'whatever can be written is audited');
select is_empty($$ select object, role, privilege_type from pg_temp.given where schema = 'api' and kind = 'relation'
    and not (role = any (pg_temp.people()) and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) $$, 'views are for people and HQ');
select is_empty($$ select c.oid::regclass from pg_class c join pg_temp.ours o on o.oid = c.relnamespace
   where o.nspname = 'api' and c.relkind <> 'v' $$, 'api has nothing but views');
select is_empty($$ select c.oid::regclass from pg_class c join pg_temp.ours o on o.oid = c.relnamespace
   where o.nspname = 'api' and c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions), false)
     and not (coalesce('security_barrier=true' = any (c.reloptions), false) and pg_get_viewdef(c.oid) ~ '= ANY \(\( SELECT private\.\w+\(\)'
              and not exists (select from pg_temp.given g where g.object = c.oid::regclass::text and g.privilege_type <> 'SELECT')) $$,
  'with the rights of their reader, or a barrier that asks for membership and writes nothing');
select is_empty($$ select c.oid::regclass from pg_class c join pg_temp.ours o on o.oid = c.relnamespace
   where c.relkind = 'm' and o.nspname not in ('private', 'partitions') $$, 'materialized views, which know no policies, lie where nobody reads');

-- Policies.
select is_empty($$ select polrelid::regclass, polname from pg_policy
   where polroles <> '{authenticated}'::regrole[]::oid[] and polroles <> '{lintel_hq}'::regrole[]::oid[] $$, 'every policy is for people or for HQ, and says so');
select is_empty($$ select p.polrelid::regclass, p.polname from pg_policy p join pg_class c on c.oid = p.polrelid join pg_temp.ours o on o.oid = c.relnamespace
   where o.nspname <> 'data' $$, 'there are none in private and partitions: nobody gets through');
select is_empty($$ select p.polrelid::regclass, p.polname, d.refobjid::regclass from pg_policy p
    join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass
   where d.refobjid <> p.polrelid $$, 'no policy reads another table');
select is_empty($$ select p.polrelid::regclass, p.polname from pg_policy p,
    regexp_replace(concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)), '\( SELECT private\.my_\w+\(\) AS my_\w+\)', '', 'g') as e
   where '{authenticated}'::regrole[]::oid[] = p.polroles and e ~ '\w\(' $$, 'every function in a policy stands in a select of its own, so it runs once a statement');
select is_empty($$ select distinct f.oid::regprocedure from pg_policy p
    join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
    join pg_proc f on f.oid = d.refobjid
   where not (f.prosecdef and f.provolatile = 's' and f.pronargs = 0 and 'search_path=pg_catalog, pg_temp' = any (f.proconfig)) $$,
  'is stable, takes nothing from the caller, and runs as its owner with a pinned search path');

-- Roles.
select is_empty($$ select r.rolname from pg_roles r where r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_owner', 'lintel_monitor')
    and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolcanlogin) $$, 'no role of ours logs in or is above the rules');
select is_empty($$ select m.roleid::regrole, m.member::regrole from pg_auth_members m
   where m.member in ('anon'::regrole, 'authenticated'::regrole, 'lintel_gateway'::regrole, 'lintel_hq'::regrole, 'lintel_owner'::regrole) $$,
  'none of them is a member of any other role');
select set_eq($$ select m.roleid::regrole::text from pg_auth_members m where m.member = 'lintel_monitor'::regrole $$, array['pg_monitor'],
  'who watches may what PostgreSQL lets its monitors, and nothing else');
select is_empty($$ select m.member::regrole from pg_auth_members m where m.roleid = 'lintel_monitor'::regrole and m.member::regrole::text ~ '^(lintel_|anon$|authentic)' $$, 'and none of the others is who watches');
select is_empty($$ select object, role, privilege_type from pg_temp.given where (schema = 'monitor') <> (role = 'lintel_monitor')
    or schema = 'monitor' and (kind, privilege_type) not in (('schema', 'USAGE'), ('relation', 'SELECT'), ('function', 'EXECUTE')) $$,
  'the schema monitor is for who watches, to be read, and who watches has nothing else');
select is_empty($$ select r.rolname, n.nspname from pg_roles r, pg_namespace n
   where r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq') and n.nspname !~ '^(pg_|tap$)' and has_schema_privilege(r.oid, n.oid, 'create') $$,
  'none of them can make anything in any schema');

select * from finish();
rollback;
