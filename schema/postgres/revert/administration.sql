-- Revert lintel:administration from pg

begin;

drop function private.deny_administration(text, uuid);
drop function private.person_of(data.stores);
drop function private.administered_store(uuid);
drop function private.readable_node_ids();
drop function private.readable_store_ids();

notify pgrst, 'reload schema';
commit;
