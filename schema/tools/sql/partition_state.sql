-- One partition: whether it may leave, and whether every row of it is in a registered archive. The table's and the
-- partition's names come from the catalog.
select format('data.%I', b.table_name) as parent, format('partitions.%I', b.partition_name) as quoted, i.inhdetachpending as half_detached,
       x.partition_name is not null as expired,
       ((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from partitions.%I', b.partition_name), false, true, '')))[1]::text)::bigint as rows,
       coalesce((select sum(a.rows) from private.archives a where a.partition_name = b.partition_name), 0)::bigint as archived
  from private.partition_bounds b
  join pg_inherits i on i.inhrelid = format('partitions.%I', b.partition_name)::regclass
  left join private.expired_partitions() x using (partition_name)
 where b.partition_name = $1
