-- Policies that read a table themselves, or by a function that runs as the reader: that table's policies are asked
-- again, and in a circle PostgreSQL refuses every query (infinite recursion).
with policies as (
  select p.oid, p.polrelid, p.polname, concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) as words
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
)
select distinct format('%s on %s', p.polname, p.polrelid::regclass) as object,
       format('reads %s itself%s', t.oid::regclass, case when t.oid = p.polrelid then ': it asks itself' else '' end) as evidence, null::bigint as bytes,
       'Let a function of the owner (security definer, search_path pinned) read the table, called as (select private.f())::type[].' as advice
  from policies p
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass
  join pg_class t on t.oid = d.refobjid
 where t.oid <> p.polrelid or p.words ~* format('(from|join)\s+\(*\s*%s\M', replace(t.oid::regclass::text, '.', '\.'))
union all
select format('%s on %s', p.polname, p.polrelid::regclass), format('calls %s, which runs as the reader', f.oid::regprocedure), null,
       format('alter function %s security definer set search_path = pg_catalog, pg_temp; and let it read no more than it must.', f.oid::regprocedure)
  from policies p
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc f on f.oid = d.refobjid and not f.prosecdef
  join pg_language l on l.oid = f.prolang and l.lanname in ('sql', 'plpgsql')
 order by 1
