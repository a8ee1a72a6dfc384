-- Verify lintel:coverage on pg

begin;

select store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision from private.coverage where false;

rollback;
