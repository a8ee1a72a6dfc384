-- Revert lintel:refresh_analytics from pg

begin;

drop function private.refresh_analytics(boolean);
drop function private.changes_of(text[]);
drop table private.refreshes;

notify pgrst, 'reload schema';
commit;
