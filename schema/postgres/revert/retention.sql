-- Revert lintel:retention from pg

begin;

drop function private.expired_partitions();
drop function private.apply_retention(integer);
drop function private.delete_from(text, text, integer[], bigint);
drop function private.kept_from(bigint);
drop trigger organizations_retention on data.organizations;
drop function private.check_retention();

notify pgrst, 'reload schema';
commit;
