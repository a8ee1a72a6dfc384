-- The enums and their words, in order.
select t.typname as name, coalesce(obj_description(t.oid, 'pg_type'), '') as comment, string_agg(e.enumlabel, ' ' order by e.enumsortorder) as words
  from pg_type t
  join pg_enum e on e.enumtypid = t.oid
 where t.typnamespace = 'data'::regnamespace
 group by t.oid, t.typname
 order by t.typname
