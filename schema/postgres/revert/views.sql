-- Revert lintel:views from pg

begin;

drop view api.daily;
drop view api.hourly;
drop view api.latest_sensor_data;

notify pgrst, 'reload schema';
commit;
