-- Revert lintel:organizations from pg

begin;

drop table data.organizations;
drop function private.replace_suborganizations();
drop function private.place_organization();

notify pgrst, 'reload schema';
commit;
