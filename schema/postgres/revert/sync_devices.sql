-- Revert lintel:sync_devices from pg

begin;

drop function private.sync_config(data.gateways);
drop function private.note_gateway(data.gateways, jsonb, boolean);
drop function private.apply_liveness(data.gateways, jsonb, jsonb);
drop function private.from_ms(jsonb);
drop function private.resolve_sensors(data.gateways, jsonb);
drop function private.register_sensors(data.gateways, jsonb);
drop function private.declared_settings(jsonb);
drop function private.sync_epoch(data.gateways, text);
drop function private.sync_denial(data.gateways, data.stores, jsonb);
drop function private.sync_store(data.gateways);
drop function private.sync_gateway(jsonb);

notify pgrst, 'reload schema';
commit;
