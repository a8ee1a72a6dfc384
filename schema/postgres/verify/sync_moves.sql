-- Verify lintel:sync_moves on pg

begin;

select has_function_privilege('private.apply_moves(data.stores, smallint, jsonb, private.reading[])', 'execute'),
       has_function_privilege('private.without_guarded(integer, smallint, private.reading[])', 'execute');

rollback;
