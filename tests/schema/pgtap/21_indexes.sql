\ir setup.psql
select plan(8);

select is_empty($$ select i.indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indexrelid
   where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace)
     and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
     and coalesce(obj_description(i.indexrelid, 'pg_class'), '') = '' $$,
  'each index that is no key names the queries it is for');
select is_empty($$ select a.indexrelid::regclass, b.indexrelid::regclass
    from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid
    join pg_class c on c.oid = a.indexrelid
   where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and not a.indisunique
     and a.indpred is not distinct from b.indpred and a.indexprs is null and b.indexprs is null
     and a.indclass::text not like '%gist%' and array_to_string(b.indkey::smallint[], ' ') || ' ' like array_to_string(a.indkey::smallint[], ' ') || ' %' $$,
  'no index is the beginning of another one');
select is_empty($$ select k.conrelid::regclass, k.conname from pg_constraint k
   where k.contype = 'u' and k.connamespace = 'data'::regnamespace and cardinality(k.conkey) > 1
     and (select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[cardinality(k.conkey)]) = 'id'
     and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = k.conindid)
     and k.conname <> 'gateways_organization_id_id_key'  -- what belongs to a gateway wherever it stands
 $$,
  'a key that only repeats the id is there for a foreign key');
select is_empty($$ select c.oid::regclass from pg_class c
   where c.relnamespace = 'partitions'::regnamespace and c.relkind = 'r'
     and not c.reloptions @> '{autovacuum_vacuum_insert_scale_factor=0.05,autovacuum_vacuum_scale_factor=0.05,autovacuum_freeze_min_age=0}' $$,
  'each partition is vacuumed after every twentieth more, and frozen at once');
select set_eq($$ select c.relname::text from pg_class c where c.relnamespace = 'data'::regnamespace
   and c.reloptions @> '{autovacuum_vacuum_scale_factor=0.05}' $$, array['hourly_analytics', 'daily_analytics'],
  'so are the roll-ups');

select ok(private.partition_reserve_days() between 80 and 140, 'three months of partitions lie ahead');
select b.partition_name as next_month from private.partition_bounds b
 where b.table_name = 'people_counting_raw' and b.from_at > now() order by b.from_at limit 1 \gset
drop table partitions.:next_month;
select ok(private.partition_reserve_days() <= 31, 'a gap ends the reserve, whatever lies behind it');
select b.partition_name as this_month from private.partition_bounds b
 where b.table_name = 'people_counting_raw' and b.from_at <= now() and now() < b.to_at \gset
drop table partitions.:this_month;
select is(private.partition_reserve_days(), 0, 'without a partition for now there is none');

select * from finish();
rollback;
