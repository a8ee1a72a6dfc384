-- Verify lintel:retention on pg

begin;

do $$
begin
  assert not exists (select from private.expired_partitions() where to_at > private.retention_horizon()), 'a partition is given up too early';
  assert (select coalesce(sum(deleted), 0) = 0 from private.apply_retention() where false), 'retention cannot be applied';
end $$;

rollback;
