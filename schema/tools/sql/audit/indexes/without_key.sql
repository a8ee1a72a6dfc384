-- Tables without primary key: their rows cannot be named, replicated or told apart.
select c.oid::regclass::text as object, 'has no primary key' as evidence, pg_total_relation_size(c.oid) as bytes,
       format('alter table %s add primary key (…);', c.oid::regclass) as advice
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
 where c.relkind in ('r', 'p') and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
 order by 1
