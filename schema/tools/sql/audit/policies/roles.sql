-- Roles that rules do not bind, or that can become one that rules do not bind.
select r.rolname::text as object,
       format('%s', concat_ws(', ', case when r.rolsuper then 'is superuser' end, case when r.rolbypassrls then 'passes by row-level security' end,
                              case when r.rolcreaterole then 'may make roles' end, case when r.rolcanlogin then 'may log in' end)) as evidence, null::bigint as bytes,
       format('alter role %I nosuperuser nobypassrls nocreaterole nologin;', r.rolname) as advice
  from pg_roles r
 where r.rolname in ('lintel_owner', 'lintel_gateway', 'lintel_hq', 'lintel_monitor', 'anon', 'authenticated')
   and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcanlogin)
union all
select m.rolname::text, 'can become lintel_owner, whom no policy binds', null, format('revoke lintel_owner from %I;', m.rolname)
  from pg_roles m
 where m.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor', 'authenticator') and pg_has_role(m.oid, 'lintel_owner', 'member')
 order by 1
