-- Revert lintel:types from pg

begin;

drop type data.alert_state;
drop type data.health_status;
drop type data.lifecycle;

notify pgrst, 'reload schema';
commit;
