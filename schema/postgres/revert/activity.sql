-- Revert lintel:activity from pg

begin;

drop view api.activity;

notify pgrst, 'reload schema';
commit;
