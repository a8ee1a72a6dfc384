-- Revert lintel:gateway_sync from pg

begin;

drop function api.gateway_sync_v1(jsonb);
drop function private.sync(data.gateways, data.stores, jsonb);
drop function private.told_sensors(jsonb);
drop function private.sync_terms(bigint);
drop function private.after_counts(data.gateways, data.stores, jsonb, bigint, jsonb, boolean);
drop function private.mark_applied(private.epochs, bigint, bigint);
drop function private.contract_refusal(jsonb);
drop function private.sync_failure(text, text);
drop function private.watermark_of(int8multirange);
drop function private.ranges_json(int8multirange);
drop function private.many_ranges_json(int8multirange);

notify pgrst, 'reload schema';
commit;
