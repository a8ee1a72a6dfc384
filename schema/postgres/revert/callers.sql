-- Revert lintel:callers from pg

begin;

drop function private.request_id();
drop function private.actor();
drop function private.caller_role();
drop function private.caller_id();
drop function private.claims();

notify pgrst, 'reload schema';
commit;
