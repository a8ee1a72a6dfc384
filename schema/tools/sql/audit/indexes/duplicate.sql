-- Two indexes that say the same. Kept is the one that is a key, else the unique one, else the older one.
with all_indexes as (
  select i.indexrelid, i.indrelid, i.indisunique, c.relam,
         exists (select from pg_constraint k where k.conindid = i.indexrelid) as is_key,
         concat_ws('|', i.indkey::text, i.indnkeyatts, i.indclass::text, i.indcollation::text, i.indoption::text,
                   pg_get_expr(i.indexprs, i.indrelid), '#', pg_get_expr(i.indpred, i.indrelid)) as says
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
   where not c.relispartition
)
select distinct on (b.indexrelid) b.indexrelid::regclass::text as object,
       format('says the same as %s: %s', a.indexrelid::regclass, regexp_replace(pg_get_indexdef(b.indexrelid), '^.* USING ', '')) as evidence,
       pg_relation_size(b.indexrelid) as bytes,
       case when b.is_key then format('Drop the constraint behind %s; foreign keys may have to lead to the other first.', b.indexrelid::regclass)
            else format('drop index concurrently %s;', b.indexrelid::regclass) end as advice
  from all_indexes a
  join all_indexes b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid and a.relam = b.relam and a.says = b.says
 where row(a.is_key, a.indisunique, b.indexrelid) > row(b.is_key, b.indisunique, a.indexrelid)
 order by b.indexrelid, a.indexrelid
