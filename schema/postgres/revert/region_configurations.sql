-- Revert lintel:region_configurations from pg

begin;

drop table data.region_configurations;
drop function private.check_counted_from();
drop function private.counted_from_complaint(jsonb, integer);
drop function private.counted_line_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
