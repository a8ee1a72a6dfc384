-- Verify lintel:filtered_views on pg

begin;

select * from api.store_daily, api.store_weekly, api.node_daily, api.sensor_uptime, api.fleet_summary where false;
select * from api.sensors_heard_least() where false;
do $$
begin
  assert (select bool_and('security_barrier=true' = any (c.reloptions)) from pg_class c
           where c.relnamespace = 'api'::regnamespace and c.relkind = 'v'
             and c.relname in ('store_daily', 'store_weekly', 'node_daily', 'sensor_uptime', 'fleet_summary')), 'a view is no barrier';
end $$;

rollback;
