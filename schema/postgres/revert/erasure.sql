-- Revert lintel:erasure from pg

begin;

drop function private.erase_user(uuid);
drop function private.add_counts(jsonb, jsonb);
drop function private.forget_user(uuid);
drop view private.personal_columns;
drop function private.user_hash(uuid);
drop table private.erasures;

notify pgrst, 'reload schema';
commit;
