-- Revert lintel:stores from pg

begin;

drop table data.stores;
drop function private.check_timezone();

notify pgrst, 'reload schema';
commit;
