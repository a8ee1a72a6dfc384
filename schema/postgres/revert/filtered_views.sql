-- Revert lintel:filtered_views from pg

begin;

drop function api.sensors_heard_least(integer, integer);
drop view api.fleet_summary;
drop view api.sensor_uptime;
drop view api.node_daily;
drop view api.store_weekly;
drop view api.store_daily;

notify pgrst, 'reload schema';
commit;
