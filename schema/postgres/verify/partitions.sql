-- Verify lintel:partitions on pg

begin;

do $$
begin
  assert private.partition_reserve_days() >= 28, 'less than four weeks of partitions ahead';
  assert (select min(from_at) <= private.retention_horizon() from private.partition_bounds
           where table_name = 'people_counting_raw'), 'partitions do not reach back to the retention limit';
  assert (select bool_and(c.relrowsecurity) from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'partitions' and c.relkind = 'r'), 'a partition is without row-level security';
end $$;

rollback;
