-- Revert lintel:archives from pg

begin;

drop function private.touch_archive(bigint);
drop function private.register_archive(text, bigint, text, text, bigint, bigint, text);
drop function private.archive_key(bigint);
drop table private.archives;
drop table private.archive_keys;

notify pgrst, 'reload schema';
commit;
