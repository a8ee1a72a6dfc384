-- Revert lintel:partitions from pg

begin;

do $$
declare
  part record;
begin
  for part in select b.table_name, b.partition_name from private.partition_bounds b loop
    execute format('drop table partitions.%I', part.partition_name);
  end loop;
end $$;
drop function private.partition_reserve_days();
drop function private.ensure_partitions(timestamptz);
drop function private.add_partition(text, timestamptz, timestamptz);
drop view private.partition_bounds;
drop function private.retention_horizon(bigint);
drop function private.retention_horizon();
drop function private.horizon(integer);

notify pgrst, 'reload schema';
commit;
