-- Revert lintel:targets from pg

begin;

drop function api.targets_and_actuals(text, text, date, date);
drop function private.stores_in_scope(text, text);
drop function private.targets_of(integer[]);
drop function private.target_at(jsonb, text, integer);
drop trigger stores_targets on data.stores;
drop trigger organizations_targets on data.organizations;
drop function private.check_targets();
drop function private.target_complaint(text, jsonb);

notify pgrst, 'reload schema';
commit;
