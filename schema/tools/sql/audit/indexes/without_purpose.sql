-- Each index that is no key names in its comment the queries it is for; who cannot say so should not make one.
select i.indexrelid::regclass::text as object, format('has no comment: %s', regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE ', '')) as evidence,
       pg_relation_size(i.indexrelid) as bytes, format('comment on index %s is ''the queries it is for''; or drop it.', i.indexrelid::regclass) as advice
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private')
 where not exists (select from pg_constraint k where k.conindid = i.indexrelid)
   and coalesce(obj_description(i.indexrelid, 'pg_class'), '') = ''
 order by 1
