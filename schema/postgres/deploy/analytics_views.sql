-- Deploy lintel:analytics_views to pg
-- requires: policies
-- requires: coverage
-- requires: rollups
-- What wide readers read instead of millions of rows: five materialized views, granted to nobody, refreshed by
-- private.refresh_analytics(), and shown by views of api that ask for membership once per statement.

begin;
set local role lintel_owner;

insert into private.settings (key, value, description) values
  ('views_reach_days', '800', 'How many days back the materialized views of analytics reach');

-- Shares of days that are over, or of what is over of a day.
create function private.day_coverage(stores integer[], from_day date, to_day date)
returns table (store_id integer, sensor_id integer, regional boolean, label text, day date, share double precision)
language sql stable as $$
  -- Stores share their calendars, so each is reckoned once.
  with days as materialized (
    select b.calendar, b.day, b.begins, least(b.ends, now()) as ends
      from (select k.calendar, t::date as day, private.day_begins(k.calendar, t::date) as begins,
                   private.day_begins(k.calendar, t::date + 1) as ends
              from (select distinct s.calendar from unnest(stores) as wanted (id) join data.stores s on s.id = wanted.id) as k
             cross join generate_series(from_day::timestamp, to_day, interval '1 day') as t) as b
     where b.begins < least(b.ends, now())
  )
  select c.store_id, c.sensor_id, c.regional, c.label, d.day,
         least(coalesce(sum(extract(epoch from least(c.to_at, d.ends) - greatest(c.from_at, d.begins)))
                          filter (where c.state = 'counting'), 0) / extract(epoch from d.ends - d.begins), 1)
    from unnest(stores) as wanted (id)
    join data.stores s on s.id = wanted.id
    join private.coverage c on c.store_id = s.id and c.state <> 'unknown'
     and c.from_at < to_day + interval '3 days' and c.to_at > from_day - interval '3 days'
   -- A day begins within two of its date in UTC.
   cross join lateral generate_series(greatest(from_day, (c.from_at at time zone 'UTC')::date - 2)::timestamp,
                                      least(to_day, (c.to_at at time zone 'UTC')::date + 2), interval '1 day') as t
    join days d on d.calendar = s.calendar and d.day = t::date and c.from_at < d.ends and c.to_at > d.begins
   group by c.store_id, c.sensor_id, c.regional, c.label, d.day, d.begins, d.ends
$$;
comment on function private.day_coverage(integer[], date, date) is
  'Share of each store day in which a series was counting. A day of which nothing is known has no row.';

create materialized view private.store_daily as
  with counted as (
    select d.store_id, d.day, sum(d.count_in)::bigint as count_in, sum(d.count_out)::bigint as count_out,
           sum(d.unallocated_in)::bigint as unallocated_in, sum(d.unallocated_out)::bigint as unallocated_out,
           sum(d.estimated_in)::bigint as estimated_in, sum(d.estimated_out)::bigint as estimated_out,
           max(d.occupancy_max) as occupancy_max, sum(d.readings)::bigint as readings
      from data.daily_analytics d
     where d.day >= current_date - private.setting('views_reach_days')::integer
     group by d.store_id, d.day
  ), covered as (
    select c.store_id, c.day, sum(c.share) as covered, count(*) as covered_series
      from private.day_coverage(array(select s.id from data.stores s),
                                current_date - private.setting('views_reach_days')::integer, current_date + 1) as c
     group by c.store_id, c.day
  )
  select s.organization_id, s.node_id, store_id, day, coalesce(n.count_in, 0) as count_in, coalesce(n.count_out, 0) as count_out,
         coalesce(n.unallocated_in, 0) as unallocated_in, coalesce(n.unallocated_out, 0) as unallocated_out,
         coalesce(n.estimated_in, 0) as estimated_in, coalesce(n.estimated_out, 0) as estimated_out,
         n.occupancy_max, coalesce(n.readings, 0) as readings, c.covered, coalesce(c.covered_series, 0) as covered_series
    from counted n
    full join covered c using (store_id, day)
    join data.stores s on s.id = store_id
   where s.deleted_at is null;
create unique index store_daily_key on private.store_daily (store_id, day);
comment on index private.store_daily_key is 'Refreshing while it is read; days of some stores';
comment on materialized view private.store_daily is 'Per store and day, all its sensors together';

create materialized view private.store_weekly as
  select d.organization_id, d.store_id, date_trunc('week', d.day)::date as week, sum(d.count_in)::bigint as count_in,
         sum(d.count_out)::bigint as count_out, sum(d.unallocated_in)::bigint as unallocated_in,
         sum(d.unallocated_out)::bigint as unallocated_out, sum(d.estimated_in)::bigint as estimated_in,
         sum(d.estimated_out)::bigint as estimated_out, max(d.occupancy_max) as occupancy_max,
         sum(d.readings)::bigint as readings, count(*) filter (where d.readings > 0) as days_counted,
         sum(d.covered) as covered, sum(d.covered_series)::bigint as covered_series
    from private.store_daily d
   group by d.organization_id, d.store_id, week;
create unique index store_weekly_key on private.store_weekly (store_id, week);
comment on index private.store_weekly_key is 'Refreshing while it is read; weeks of some stores';
comment on materialized view private.store_weekly is 'Per store and week (Monday to Sunday)';

create view private.stores_below as
  select ancestor.id as node_id, s.id as store_id
    from data.stores s
    join data.organizations o on o.id = s.node_id
     and not o.path operator(extensions.<@) array(select d.path from data.organizations d where d.deleted_at is not null)
   cross join lateral unnest(string_to_array(o.path::text, '.')::bigint[]) as ancestor (id)
   where s.deleted_at is null;
comment on view private.stores_below is 'Every node with every store at or below it, as the tree is now, without what was deleted';

create materialized view private.node_daily as
  select b.node_id, d.day, sum(d.count_in)::bigint as count_in, sum(d.count_out)::bigint as count_out,
         sum(d.unallocated_in)::bigint as unallocated_in, sum(d.unallocated_out)::bigint as unallocated_out,
         sum(d.estimated_in)::bigint as estimated_in, sum(d.estimated_out)::bigint as estimated_out,
         max(d.occupancy_max) as occupancy_max, sum(d.readings)::bigint as readings,
         count(*) filter (where d.readings > 0) as stores_counted,
         sum(d.covered) as covered, sum(d.covered_series)::bigint as covered_series
    from private.stores_below b
    join private.store_daily d on d.store_id = b.store_id
   group by b.node_id, d.day;
create unique index node_daily_key on private.node_daily (node_id, day);
comment on index private.node_daily_key is 'Refreshing while it is read; days of some nodes';
comment on materialized view private.node_daily is 'Per node and day, all stores at or below it together';

create materialized view private.sensor_uptime as
  select m.organization_id, m.store_id, m.id as sensor_id, m.status, m.last_data_received, m.offline_since,
         least(30, current_date - m.created_at::date) as days_known, coalesce(n.days, 0) as days_counted, c.coverage
    from data.sensor_metadata m
    join data.stores s on s.id = m.store_id and s.deleted_at is null
    left join (
      select d.store_id, d.sensor_id, count(distinct d.day) as days
        from data.daily_analytics d
       where d.day >= current_date - 30 and d.day < current_date
       group by d.store_id, d.sensor_id) as n on n.store_id = m.store_id and n.sensor_id = m.id
    left join (
      select k.sensor_id, avg(k.share) as coverage
        from private.day_coverage(array(select s.id from data.stores s), current_date - 30, current_date - 1) as k
       group by k.sensor_id) as c on c.sensor_id = m.id
   where m.deleted_at is null;
create unique index sensor_uptime_key on private.sensor_uptime (store_id, sensor_id);
comment on index private.sensor_uptime_key is 'Refreshing while it is read; sensors of some stores';
create index sensor_uptime_coverage on private.sensor_uptime (coverage nulls first, store_id, sensor_id);
comment on index private.sensor_uptime_coverage is 'The sensors that were heard least, of very many stores';
comment on materialized view private.sensor_uptime is 'Per sensor: on how many of the last thirty days it was heard, and what share of them it is known to have counted';

create materialized view private.fleet_summary as
  with gateways as (
    select g.store_id, count(*) as gateways, count(*) filter (where g.status = 'online') as gateways_online
      from data.gateways g where g.deleted_at is null group by g.store_id
  ), sensors as (
    select m.store_id, count(*) as sensors, count(*) filter (where m.status = 'online') as online,
           count(*) filter (where m.status = 'degraded') as degraded, count(*) filter (where m.status = 'offline') as offline,
           max(m.last_data_received) as last_data_received
      from data.sensor_metadata m where m.deleted_at is null group by m.store_id
  ), alerts as (
    select a.store_id, count(*) as open_alerts, count(*) filter (where a.severity = 'critical') as critical_alerts
      from data.alerts a where a.state <> 'resolved' group by a.store_id
  )
  select b.node_id, count(*) as stores, coalesce(sum(g.gateways), 0)::bigint as gateways,
         coalesce(sum(g.gateways_online), 0)::bigint as gateways_online, coalesce(sum(m.sensors), 0)::bigint as sensors,
         coalesce(sum(m.online), 0)::bigint as sensors_online, coalesce(sum(m.degraded), 0)::bigint as sensors_degraded,
         coalesce(sum(m.offline), 0)::bigint as sensors_offline, coalesce(sum(a.open_alerts), 0)::bigint as open_alerts,
         coalesce(sum(a.critical_alerts), 0)::bigint as critical_alerts, max(m.last_data_received) as last_data_received
    from private.stores_below b
    left join gateways g on g.store_id = b.store_id
    left join sensors m on m.store_id = b.store_id
    left join alerts a on a.store_id = b.store_id
   group by b.node_id;
create unique index fleet_summary_key on private.fleet_summary (node_id);
comment on index private.fleet_summary_key is 'Refreshing while it is read; some nodes';
comment on materialized view private.fleet_summary is 'Per node: stores, gateways, sensors and open alerts at or below it';

revoke all on private.store_daily, private.store_weekly, private.node_daily, private.sensor_uptime, private.fleet_summary,
  private.stores_below from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function private.day_coverage(integer[], date, date) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
