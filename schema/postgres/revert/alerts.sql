-- Revert lintel:alerts from pg

begin;

drop table data.alerts;

notify pgrst, 'reload schema';
commit;
