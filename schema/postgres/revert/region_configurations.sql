-- Revert lintel:region_configurations from pg

begin;

drop table data.region_configurations;

notify pgrst, 'reload schema';
commit;
