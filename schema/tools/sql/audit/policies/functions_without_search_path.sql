-- Functions that run with another's rights, and triggers, find what they name by the caller's search path unless they
-- pin their own: whoever can make a table or function can stand in between.
select p.oid::regprocedure::text as object,
       format('is %s and %s', case when p.prosecdef then 'security definer' else 'a trigger function, so it runs in the session of whoever writes,' end,
              coalesce('has ' || nullif(array_to_string(p.proconfig, ', '), ''), 'does not pin its search_path')) as evidence, null::bigint as bytes,
       format('alter function %s set search_path = pg_catalog, pg_temp;', p.oid::regprocedure) as advice
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('data', 'private', 'api', 'partitions', 'monitor')
 where (p.prosecdef and p.prosqlbody is null or p.prorettype = 'trigger'::regtype)
   and not coalesce(array_to_string(p.proconfig, ' ') ~ 'search_path=pg_catalog, (extensions, )?pg_temp', false)
 order by 1
