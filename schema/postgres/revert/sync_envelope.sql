-- Revert lintel:sync_envelope from pg

begin;

drop function private.sync_complaint(jsonb);
drop function private.written_out(jsonb);
drop function private.of_complaint(jsonb);
drop function private.is_plain_request(jsonb);
drop function private.move_complaint(jsonb, jsonb);
drop function private.series_complaint(jsonb);
drop function private.is_plain(jsonb);
drop function private.series_length(jsonb);
drop function private.list_length(text);
drop function private.contract_highest();
drop function private.contract_lowest();
drop function private.is_uuid(text);
drop function private.is_integer(jsonb);

notify pgrst, 'reload schema';
commit;
