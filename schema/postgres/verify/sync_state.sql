-- Verify lintel:sync_state on pg

begin;

select gateway_id, epoch, ordinal, applied, first_seen_at from private.epochs where false;
select store_id, sensor_id, started_at, regional, label, seq, epoch, revision from private.moved_keys where false;

rollback;
