\ir setup.psql
select plan(7);
-- Rules that hold for every object there is, whoever adds it.

select is_empty($$ select c.conrelid::regclass, c.conname from pg_constraint c
   where c.contype = 'f' and c.confdeltype = 'a' and c.connamespace in ('data'::regnamespace, 'private'::regnamespace, 'partitions'::regnamespace) $$,
  'every foreign key says whether it cascades, sets null or restricts');
select is_empty($$ select c.conrelid::regclass, c.conname from pg_constraint c
   where c.contype = 'f' and c.confdeltype = 'n' and c.connamespace in ('data'::regnamespace, 'private'::regnamespace)
     and exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (coalesce(c.confdelsetcols, c.conkey)) and a.attnotnull) $$,
  'what is set null can be null');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
     and a.atttypid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'real'::regtype, 'double precision'::regtype)
     and a.attidentity = '' and a.attname !~ '(^|_)id$'
     and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f') and a.attnum = any (k.conkey)) $$,
  'every number has a range, or leads to a row');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace = 'data'::regnamespace and c.relkind in ('r', 'p') and a.atttypid = 'jsonb'::regtype and not a.attisdropped
     and c.relname <> 'audit_log' and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey)) $$,
  'every document of the business tables is held to be an object');
select is_empty($$ select c.oid::regclass from pg_class c where c.relkind in ('r', 'p', 'v', 'm') and obj_description(c.oid, 'pg_class') is null
     and c.relnamespace in ('data'::regnamespace, 'private'::regnamespace, 'api'::regnamespace) $$, 'every table and view has a comment');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') and a.attnum > 0
     and not a.attisdropped and coalesce(length(col_description(a.attrelid, a.attnum)), 0) < 3 $$, 'every column of a table too');
select is_empty($$ select t.oid::regtype from pg_type t left join pg_class c on c.oid = t.typrelid where obj_description(t.oid, 'pg_type') is null
     and t.typnamespace in ('data'::regnamespace, 'private'::regnamespace, 'api'::regnamespace) and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c') $$, 'and every type');

select * from finish();
rollback;
