-- Verify lintel:provisioning on pg

begin;

select has_function_privilege('private.add_store(text, text, text, uuid)', 'execute');

rollback;
