-- Revert lintel:sensor_metadata from pg

begin;

drop table data.sensor_metadata;

notify pgrst, 'reload schema';
commit;
