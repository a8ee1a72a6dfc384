-- Per partitioned table: how far partitions reach, and what could leave.
select p.relname::text as "table", count(b.partition_name) as partitions,
       to_char(min(b.from_at), 'YYYY-MM-DD') as "from", to_char(max(b.to_at), 'YYYY-MM-DD') as "to",
       -- The first end behind which no partition begins: a later one beyond a gap is no reserve.
       coalesce(greatest(extract(day from (
         select min(e.to_at) from private.partition_bounds e
          where e.table_name = p.relname and e.to_at > now()
            and not exists (select from private.partition_bounds n where n.table_name = e.table_name and n.from_at = e.to_at)
            and exists (select from private.partition_bounds c where c.table_name = e.table_name and c.from_at <= now() and now() < c.to_at))
         - now()), 0), 0)::integer as reserve_days,
       coalesce(sum(pg_total_relation_size(format('partitions.%I', b.partition_name)::regclass)), 0)::bigint as bytes,
       (select count(*) from private.expired_partitions() x where x.table_name = p.relname) as expired
  from pg_class p
  left join private.partition_bounds b on b.table_name = p.relname
 where p.relnamespace = 'data'::regnamespace and p.relkind = 'p'
 group by p.relname
 order by p.relname
