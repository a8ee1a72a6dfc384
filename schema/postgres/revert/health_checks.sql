-- Revert lintel:health_checks from pg

begin;

drop view monitor.checks;

notify pgrst, 'reload schema';
commit;
