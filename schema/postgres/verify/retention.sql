-- Verify lintel:retention on pg

begin;

do $$
begin
  assert not exists (select from private.expired_partitions() where to_at > private.retention_horizon() and table_name <> 'audit_log'), 'a partition is given up too early';
  assert (select coalesce(sum(deleted), 0) = 0 from private.apply_retention() where false), 'retention cannot be applied';
  assert (select count(*) = 3 from private.forget_records()), 'old records stay for ever';
end $$;

rollback;
