-- Policies that call a function for every row: a million rows took 28 s where once per statement takes 2 ms.
with policies as (
  select p.oid, p.polrelid, p.polname,
         -- What is asked once stands as (SELECT f() AS f) in the words of the catalog.
         regexp_replace(concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
                        '\( SELECT [\w.]+\((''[^'']*''(::\w+)?(, )?)*(true|false)?\)( AS \w+)?\)', '', 'g') as left_over
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
)
select format('%s on %s', p.polname, p.polrelid::regclass) as object, format('calls %s for each row', string_agg(distinct f.name, ', ')) as evidence, null::bigint as bytes,
       'Wrap the call: (select private.f()), an array cast to its type, and give it no column of the row.' as advice
  from policies p
 cross join lateral (
   select g.oid::regprocedure::text as name from pg_depend d join pg_proc g on g.oid = d.refobjid
    where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass and p.left_over ~ format('\m%s\(', g.proname)
   union all
   select 'current_setting()' where p.left_over ~ '\mcurrent_setting\(') as f
 group by p.polname, p.polrelid
 order by 1
