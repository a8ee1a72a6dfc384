-- A partition ($1): where it belongs, its columns, and whether it may leave.
select b.table_name, to_char(b.from_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as from_at, to_char(b.to_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as to_at,
       format('partitions.%I', b.partition_name) as quoted,
       (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = format('partitions.%I', b.partition_name)::regclass and a.attnum > 0 and not a.attisdropped) as columns,
       exists (select from private.expired_partitions() x where x.partition_name = b.partition_name) as expired
  from private.partition_bounds b
 where b.partition_name = $1
