-- Row-level security that is off, or on without a policy for a role that may read the table (which then sees nothing).
select c.oid::regclass::text as object, 'row-level security is off: whoever gets a grant sees every tenant' as evidence, null::bigint as bytes,
       format('alter table %s enable row level security;', c.oid::regclass) as advice
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
 where c.relkind in ('r', 'p') and not c.relrowsecurity
union all
select format('%s for %s', c.oid::regclass, r.rolname), format('%s may read it and no policy is for it: it sees no row', r.rolname), null,
       format('create policy … on %s for select to %I using (…); or revoke select.', c.oid::regclass, r.rolname)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'data'
  join pg_roles r on r.rolname in ('authenticated', 'lintel_hq') and has_table_privilege(r.oid, c.oid, 'select')
 where c.relkind in ('r', 'p') and c.relrowsecurity
   and not exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*') and (p.polroles = '{0}' or r.oid = any (p.polroles)))
 order by 1
