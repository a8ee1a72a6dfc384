-- Revert lintel:bulk_import from pg

begin;

drop function api.people_counting_bulk_v1(jsonb);
drop function private.import_readings(data.stores, jsonb);
drop function private.outranked(integer, private.reading[]);
drop view private.raw_keys;
drop function private.import_sensors(data.stores, jsonb);
drop function private.import_complaint(jsonb);
drop table private.imports;

notify pgrst, 'reload schema';
commit;
