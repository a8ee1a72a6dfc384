-- Revert lintel:alerts_api from pg

begin;

drop function api.resolve_alert(uuid, text);
drop function api.acknowledge_alert(uuid, text);
drop function private.alert_answer(data.alerts);
drop function private.no_such_alert(text, uuid);
drop function private.alert_to_answer(uuid);
drop function private.answering_denial(text);
drop view api.open_alerts;

notify pgrst, 'reload schema';
commit;
