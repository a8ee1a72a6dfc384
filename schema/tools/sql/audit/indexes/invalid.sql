-- What a create index concurrently, or a detach, that was cut left behind: paid for by every write and used by nobody.
select i.indexrelid::regclass::text as object, format('is not valid, so no query uses it, and every write to %s pays for it', i.indrelid::regclass) as evidence,
       pg_relation_size(i.indexrelid) as bytes,
       format('drop index concurrently %s; and make it again if it is wanted.', i.indexrelid::regclass) as advice
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
 where not i.indisvalid and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
union all
select h.inhrelid::regclass::text, format('is half detached from %s', h.inhparent::regclass), pg_total_relation_size(h.inhrelid),
       format('alter table %s detach partition %s finalize;', h.inhparent::regclass, h.inhrelid::regclass)
  from pg_inherits h where h.inhdetachpending
 order by 1
