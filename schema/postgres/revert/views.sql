-- Revert lintel:views from pg

begin;

drop view api.daily;
drop view api.hourly;
drop view api.latest_sensor_data;
drop function private.newest_reading(integer, integer);
drop function private.sensor_name(integer);
drop function private.store_name(integer);

notify pgrst, 'reload schema';
commit;
