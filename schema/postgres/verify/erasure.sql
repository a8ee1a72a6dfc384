-- Verify lintel:erasure on pg

begin;

select id, user_hash, organization_id, store_id, public_id, requested_by, started_at, finished_at, counts, files from private.erasures where false;
select schema_name, table_name, column_name, type_name, required, keyed from private.personal_columns where false;

rollback;
