-- Revert lintel:updates from pg

begin;

drop function private.updates(jsonb, bigint);
drop trigger organizations_updates on data.organizations;
drop trigger stores_updates on data.stores;
drop function private.check_updates();
drop function private.updates_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
