-- Revert lintel:denials from pg

begin;

drop function api.denials(timestamptz);
drop function private.forget_denials();
drop function private.deny(text, text, text, bigint, integer);
delete from private.settings where key = 'denials_retention_days';
drop table private.denials;

notify pgrst, 'reload schema';
commit;
