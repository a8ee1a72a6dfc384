-- Indexes that are no key and that nobody has used for some days, though their table is in use.
with measured as (
  select coalesce(d.stats_reset, pg_postmaster_start_time()) as since from pg_stat_database d where d.datname = current_database()
), members as (
  select i.indexrelid as root, c.relkind, coalesce(p.relid, i.indexrelid) as member
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private')
    left join lateral (select t.relid from pg_partition_tree(i.indexrelid) t where t.isleaf) as p on c.relkind = 'I'
   where not c.relispartition and not i.indisunique and i.indisvalid
     and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
)
select m.root::regclass::text as object,
       format('not used once since %s, while its table was read %s times and %s rows of it were written. It is for: %s',
              to_char(min(measured.since), 'YYYY-MM-DD'), sum(t.seq_scan + coalesce(t.idx_scan, 0)), sum(t.n_tup_ins + t.n_tup_upd + t.n_tup_del),
              coalesce(obj_description(m.root, 'pg_class'), 'nobody said')) as evidence,
       sum(pg_relation_size(m.member))::bigint as bytes,
       case m.relkind when 'I' then format('If nothing that runs rarely needs it: drop index %s; (it locks the table for a moment)', m.root::regclass)
            else format('If nothing that runs rarely needs it: drop index concurrently %s;', m.root::regclass) end as advice
  from members m
  join pg_stat_user_indexes s on s.indexrelid = m.member
  join pg_stat_user_tables t on t.relid = s.relid
 cross join measured
 group by m.root, m.relkind
having sum(s.idx_scan) = 0 and sum(t.seq_scan + coalesce(t.idx_scan, 0)) > 0
   and sum(pg_relation_size(m.member)) >= current_setting('lintel.min_bytes')::bigint
   and min(measured.since) <= now() - make_interval(days => current_setting('lintel.days')::integer)
 order by 3 desc, 1
