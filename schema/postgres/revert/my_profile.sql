-- Revert lintel:my_profile from pg

begin;

drop function api.change_my_profile(text, text, boolean);
drop view api.my_profile;

notify pgrst, 'reload schema';
commit;
