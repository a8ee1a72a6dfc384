-- Every column of the business tables and of what PostgREST offers, in order, with the type as it is named here: an
-- array's is that of its elements.
select case n.nspname when 'api' then 'api' else 'data' end as schema, c.relname as "table", coalesce(obj_description(c.oid, 'pg_class'), '') as table_comment,
       a.attname as "column", e.typname as type, t.typelem <> 0 and t.typlen = -1 as is_array, e.typtype = 'e' as is_enum,
       not a.attnotnull as nullable, coalesce(col_description(c.oid, a.attnum), '') as comment
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'api')
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  join pg_type e on e.oid = case when t.typelem <> 0 and t.typlen = -1 then t.typelem else t.oid end
 where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
 order by n.nspname desc, c.relname, a.attnum
