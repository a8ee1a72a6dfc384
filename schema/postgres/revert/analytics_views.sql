-- Revert lintel:analytics_views from pg

begin;

drop materialized view private.fleet_summary;
drop materialized view private.sensor_uptime;
drop materialized view private.node_daily;
drop view private.stores_below;
drop materialized view private.store_weekly;
drop materialized view private.store_daily;
drop function private.day_coverage(integer[], date, date);
delete from private.settings where key = 'views_reach_days';

notify pgrst, 'reload schema';
commit;
