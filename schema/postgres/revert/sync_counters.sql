-- Revert lintel:sync_counters from pg

begin;

drop trigger sensor_metadata_hand_over on data.sensor_metadata;
drop trigger epochs_hand_over on private.epochs;
drop function private.sync_counters(data.gateways, private.epochs, jsonb);
drop function private.counters_for(data.gateways);
drop function private.hand_over_to_gateway();
drop function private.hand_over_to_card();
drop function private.hand_over(integer, bigint, integer);
drop function private.apply_counters(data.gateways, private.epochs, jsonb);
drop function private.counter_complaint(jsonb, jsonb);
drop function private.is_counter(jsonb);

notify pgrst, 'reload schema';
commit;
