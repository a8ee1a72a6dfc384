-- Revert lintel:user_profiles from pg

begin;

drop table data.user_profiles;

notify pgrst, 'reload schema';
commit;
