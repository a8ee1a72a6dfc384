-- Revert lintel:erase_store from pg

begin;

drop function private.replay_erasures(jsonb, integer);
drop function private.export_erasures();
drop function private.erase_store(integer, integer);
drop function private.views_remember_store(integer);
drop function private.forget_store(bigint, integer, integer);

notify pgrst, 'reload schema';
commit;
