-- Verify lintel:counter_states on pg

begin;

select store_id, sensor_id, line, gateway_id, epoch, change_no, total_at, serial, state, handed from private.counter_states where false;

rollback;
