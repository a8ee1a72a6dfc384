-- Revert lintel:sync_state from pg

begin;

drop function private.maintain();
drop table private.moved_keys;
drop table private.epochs;

notify pgrst, 'reload schema';
commit;
