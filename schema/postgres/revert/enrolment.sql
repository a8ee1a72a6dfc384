-- Revert lintel:enrolment from pg

begin;

drop function api.gateway_enroll_v1(jsonb);
drop function private.enrol_card(private.enrolments, data.gateways, bytea);
drop function private.enrolled_gateway(private.enrolments, data.stores);
drop function private.card_failure(text);
drop function private.card_answer(data.gateways);
drop function api.issue_enrolment(uuid, interval, uuid);
drop function private.issue_enrolment(uuid, interval, uuid);

notify pgrst, 'reload schema';
commit;
