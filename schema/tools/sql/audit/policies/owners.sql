-- What does not belong to lintel_owner escapes its default privileges, and its functions run with somebody else's rights.
select o.name as object, format('belongs to %s', o.owner::regrole) as evidence, null::bigint as bytes, format('alter %s %s owner to lintel_owner;', o.kind, o.name) as advice
  from (select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind, c.oid::regclass::text as name, c.relowner as owner, c.relnamespace as namespace
          from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'S')
        union all
        select 'function', p.oid::regprocedure::text, p.proowner, p.pronamespace from pg_proc p) as o
  join pg_namespace n on n.oid = o.namespace and n.nspname in ('data', 'private', 'partitions', 'api', 'monitor')
 where o.owner <> 'lintel_owner'::regrole
 order by 1
