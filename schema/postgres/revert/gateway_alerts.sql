-- Revert lintel:gateway_alerts from pg

begin;

drop function private.apply_gateway_alerts(data.gateways, jsonb);
drop function private.alert_rejection(bigint, text, text);
drop function private.alert_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
