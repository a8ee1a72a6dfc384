-- Revert lintel:erase_organization from pg

begin;

drop function private.erase_organization(bigint, integer);
drop function private.views_remember(bigint);
drop function private.forget_organization(bigint, integer);
drop view private.tenant_tables;

notify pgrst, 'reload schema';
commit;
