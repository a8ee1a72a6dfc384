-- Verify lintel:sync_slots on pg

begin;

select has_function_privilege('private.with_slots(integer, private.reading[])', 'execute');

rollback;
