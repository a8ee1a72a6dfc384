-- Revert lintel:counter_states from pg

begin;

drop table private.counter_states;

notify pgrst, 'reload schema';
commit;
