-- A view runs as its owner, whom no policy binds, unless it says security_invoker, or is a barrier that asks for membership.
select c.oid::regclass::text as object, 'runs as its owner and shows its readers every tenant''s rows' as evidence, null::bigint as bytes,
       format('alter view %s set (security_invoker = true); or let it ask for private.readable_store_ids() behind security_barrier.', c.oid::regclass) as advice
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('api', 'data')
 where c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false)
   and not (coalesce('security_barrier=true' = any (c.reloptions), false)
            and pg_get_viewdef(c.oid) ~ '= ANY \(\( SELECT private\.readable_(store|node)_ids\(\) AS readable_(store|node)_ids\)::(integer|bigint)\[\]\)')
 order by 1
