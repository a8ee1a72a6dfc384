-- Verify lintel:sync_readings on pg

begin;

select has_function_privilege('private.apply_readings(data.stores, smallint, jsonb, private.reading[])', 'execute');

rollback;
