-- Revert lintel:settings from pg

begin;

drop function private.touch_updated_at();
drop function private.new_history();
drop function private.setting(text);
drop table private.settings;

notify pgrst, 'reload schema';
commit;
