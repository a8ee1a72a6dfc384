-- Revert lintel:given_up from pg

begin;

drop function private.apply_given_up(data.gateways, smallint, jsonb);
drop function private.given_up_complaint(jsonb, jsonb);
drop table private.given_up;

notify pgrst, 'reload schema';
commit;
