-- Policies that let a role see or write every tenant's rows; HQ's administrators alone may.
select format('%s on %s', p.polname, p.polrelid::regclass) as object,
       format('lets %s %s every row of every tenant', coalesce((select string_agg(r.rolname, ', ') from pg_roles r where r.oid = any (p.polroles)), 'everybody'),
              case p.polcmd when 'r' then 'read' when 'a' then 'add' when 'w' then 'change' when 'd' then 'delete' else 'read and write' end) as evidence, null::bigint as bytes,
       format('drop policy %I on %s; and make one that asks for membership.', p.polname, p.polrelid::regclass) as advice
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
 where p.polpermissive and p.polroles <> array['lintel_hq'::regrole::oid]
   and (pg_get_expr(p.polqual, p.polrelid) = 'true' or p.polqual is null and pg_get_expr(p.polwithcheck, p.polrelid) = 'true')
 order by 1
