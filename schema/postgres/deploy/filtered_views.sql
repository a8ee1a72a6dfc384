-- Deploy lintel:filtered_views to pg
-- requires: analytics_views
-- requires: administration

begin;
set local role lintel_owner;

-- These run as their owner, for nobody else can read what is behind them. Barriers: no condition of a reader is asked
-- about a row before its store was found to be the reader's. A barrier hides a reader's "order by" and "limit" from what is behind
-- it; in the order of their keys, which costs nothing, the page that was asked for is all that is read.
create view api.store_daily with (security_barrier = true) as
  select d.organization_id, d.store_id, d.day, d.count_in, d.count_out, d.unallocated_in, d.unallocated_out,
         d.estimated_in, d.estimated_out, d.occupancy_max, d.readings, d.covered / nullif(d.covered_series, 0) as coverage
    from private.store_daily d
   where d.store_id = any ((select private.readable_store_ids())::integer[])
   order by d.store_id, d.day;
comment on view api.store_daily is 'Counts per day of the stores the user may see, as of the last refresh. Always ask for a range of day.';

create view api.store_weekly with (security_barrier = true) as
  select w.organization_id, w.store_id, w.week, w.count_in, w.count_out, w.unallocated_in, w.unallocated_out,
         w.estimated_in, w.estimated_out, w.occupancy_max, w.readings, w.days_counted,
         w.covered / nullif(w.covered_series, 0) as coverage
    from private.store_weekly w
   where w.store_id = any ((select private.readable_store_ids())::integer[])
   order by w.store_id, w.week;
comment on view api.store_weekly is 'Counts per week, named by its Monday, of the stores the user may see, as of the last refresh';

create view api.node_daily with (security_barrier = true) as
  select n.node_id, n.day, n.count_in, n.count_out, n.unallocated_in, n.unallocated_out, n.estimated_in, n.estimated_out,
         n.occupancy_max, n.readings, n.stores_counted, n.covered / nullif(n.covered_series, 0) as coverage
    from private.node_daily n
   where n.node_id = any ((select private.readable_node_ids())::bigint[])
   order by n.node_id, n.day;
comment on view api.node_daily is 'Counts per day of everything at or below the nodes the user may see, as of the last refresh';

create view api.sensor_uptime with (security_barrier = true) as
  select u.organization_id, u.store_id, u.sensor_id, u.status, u.last_data_received, u.offline_since, u.days_known,
         u.days_counted, u.coverage
    from private.sensor_uptime u
   where u.store_id = any ((select private.readable_store_ids())::integer[]);
comment on view api.sensor_uptime is 'How reliably each sensor of the user''s stores was heard over the last thirty days, as of the last refresh';

create view api.fleet_summary with (security_barrier = true) as
  select f.node_id, f.stores, f.gateways, f.gateways_online, f.sensors, f.sensors_online, f.sensors_degraded,
         f.sensors_offline, f.open_alerts, f.critical_alerts, f.last_data_received
    from private.fleet_summary f
   where f.node_id = any ((select private.readable_node_ids())::bigint[]);
comment on view api.fleet_summary is 'Stores, gateways, sensors and open alerts at or below the nodes the user may see, as of the last refresh';

-- A function, since no barrier lets a page be taken in another order than that of the key without sorting all there is.
create function api.sensors_heard_least(page integer default 1, page_size integer default 100) returns setof api.sensor_uptime
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  few  constant integer := 5000;
  mine constant integer[] := private.readable_store_ids();
begin
  if coalesce(page < 1 or page_size not between 1 and 1000, true) then
    raise invalid_parameter_value using message = format('page %s of %s sensors cannot be shown', page, page_size),
      hint = 'Pages count from 1 and hold 1 to 1000 sensors.';
  elsif cardinality(mine) <= few then
    return query
      select u.organization_id, u.store_id, u.sensor_id, u.status, u.last_data_received, u.offline_since, u.days_known,
             u.days_counted, u.coverage
        from unnest(mine) as w (id) join private.sensor_uptime u on u.store_id = w.id
       order by u.coverage nulls first, u.store_id, u.sensor_id
       limit page_size offset (page - 1)::bigint * page_size;
  else
    return query
      select u.organization_id, u.store_id, u.sensor_id, u.status, u.last_data_received, u.offline_since, u.days_known,
             u.days_counted, u.coverage
        from private.sensor_uptime u
       where (u.store_id in (select unnest(mine))) is true  -- "is true": not to be made a join, which knows no order
       order by u.coverage nulls first, u.store_id, u.sensor_id
       limit page_size offset (page - 1)::bigint * page_size;
  end if;
end $$;
comment on function api.sensors_heard_least(integer, integer) is
  'Sensors of the stores the user may see, those first that were heard least over the last thirty days, a page at a time, as of the last refresh';

revoke all on api.store_daily, api.store_weekly, api.node_daily, api.sensor_uptime, api.fleet_summary
  from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function api.sensors_heard_least(integer, integer) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.sensors_heard_least(integer, integer) to authenticated, lintel_hq;
grant select on api.store_daily, api.store_weekly, api.node_daily, api.sensor_uptime, api.fleet_summary to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
