-- Revert lintel:sync_checksums from pg

begin;

drop function private.compare_checksums(data.gateways, smallint, jsonb);
drop function private.checksums_complaint(jsonb);
drop function private.day_checksums(data.gateways, smallint, timestamptz);
drop function private.reading_checksum(bigint, bigint, integer, integer, integer, integer);

notify pgrst, 'reload schema';
commit;
