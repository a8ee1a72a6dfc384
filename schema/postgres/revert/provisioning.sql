-- Revert lintel:provisioning from pg

begin;

drop function private.add_store(text, text, text, uuid);

notify pgrst, 'reload schema';
commit;
