-- Revert lintel:acceptances from pg

begin;

drop view api.acceptances;
drop function private.apply_acceptances(data.gateways, jsonb);
drop function private.acceptance_complaint(jsonb, jsonb);
drop function private.is_text(jsonb, integer, integer);
drop function private.is_count(jsonb);
drop table private.acceptances;

notify pgrst, 'reload schema';
commit;
