-- Revert lintel:alerts_api from pg

begin;

drop function api.resolve_alert(uuid, text);
drop function api.acknowledge_alert(uuid, text);
drop function private.alert_answer(data.alerts);
drop function private.no_such_alert(text, uuid);
drop function private.alert_to_answer(uuid);
drop function private.answering_denial(text);
drop view api.open_alerts;
drop function private.region_name(integer, integer, text);
drop function private.sensor_public_id(integer);
drop function private.gateway_public_id(bigint);
drop function private.gateway_name(bigint);
drop function private.store_public_id(integer);

notify pgrst, 'reload schema';
commit;
