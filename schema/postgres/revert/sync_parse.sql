-- Revert lintel:sync_parse from pg

begin;

drop function private.parse_series(jsonb, jsonb, integer, timestamptz);
drop function private.store_horizon(integer);
drop function private.parse_plain(jsonb, jsonb, integer, bigint, bigint);
drop function private.rejection(integer, integer, text);
drop function private.naming_complaint(jsonb, jsonb);
drop function private.reject_message(text);
drop function private.parse_list(text);
drop type private.reading;
drop function private.schema_version();

notify pgrst, 'reload schema';
commit;
