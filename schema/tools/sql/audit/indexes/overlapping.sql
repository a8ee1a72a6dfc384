-- A B-tree that is the beginning of another one: the longer answers whatever the shorter does.
with trees as (
  select i.indexrelid, i.indrelid, i.indisunique, i.indnkeyatts as columns, i.indnatts > i.indnkeyatts as carries,
         (string_to_array(i.indkey::text, ' '))[1:i.indnkeyatts] as key, string_to_array(i.indclass::text, ' ') as classes,
         string_to_array(i.indoption::text, ' ') as options, coalesce(pg_get_expr(i.indpred, i.indrelid), '') as predicate, i.indexprs is not null as computed
    from pg_index i
    join pg_class c on c.oid = i.indexrelid and c.relam = (select oid from pg_am where amname = 'btree')
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
   where not c.relispartition and i.indisvalid
)
select distinct on (a.indexrelid) a.indexrelid::regclass::text as object,
       format('is the beginning of %s: %s', b.indexrelid::regclass, regexp_replace(pg_get_indexdef(b.indexrelid), '^.* USING ', '')) as evidence,
       pg_relation_size(a.indexrelid) as bytes,
       format('drop index concurrently %s; unless its entries are so much shorter that scans of it pay.', a.indexrelid::regclass) as advice
  from trees a
  join trees b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid and a.columns < b.columns and a.predicate = b.predicate
 where not a.indisunique and not a.carries and not a.computed and not b.computed
   and b.key[1:a.columns] = a.key and b.classes[1:a.columns] = a.classes and b.options[1:a.columns] = a.options
 order by a.indexrelid, b.indexrelid
