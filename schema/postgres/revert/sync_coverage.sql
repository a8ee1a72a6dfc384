-- Revert lintel:sync_coverage from pg

begin;

drop function private.apply_coverage(data.stores, smallint, jsonb, jsonb);
drop function private.series_coverage_complaint(jsonb, jsonb);
drop function private.coverage_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
