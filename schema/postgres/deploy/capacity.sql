-- Deploy lintel:capacity to pg
-- requires: monitor
-- requires: slots
-- What each tenant takes, how it grows, and until when the disk lasts. Figures that a young database cannot know yet are
-- those measured for postgres/CAPACITY.md.

begin;
set local role lintel_owner;

insert into private.settings (key, value, description) values
  ('disk_bytes', '0', 'Size in bytes of the disk the database lies on, for monitor.room; 0: not stated');

create view monitor.organizations as
  with days as materialized (
    select d.organization_id, d.day, d.region <> '' as regional, sum(d.readings)::bigint as readings, count(*) as buckets
      from data.daily_analytics d group by d.organization_id, d.day, regional
  ), partitions as (
    select c.oid, b.table_name = 'regional_counting_raw' as regional, (b.from_at at time zone 'UTC')::date as from_day,
           (b.to_at at time zone 'UTC')::date as to_day, pg_total_relation_size(c.oid) as bytes
      from private.partition_bounds b
      join pg_class c on c.relname = b.partition_name and c.relnamespace = (select n.oid from pg_namespace n where n.nspname = 'partitions')
     where b.table_name <> 'audit_log'
  ), shares as (
    select d.organization_id, p.bytes, sum(d.readings) as readings, sum(sum(d.readings)) over (partition by p.oid) as readings_of_all
      from partitions p join days d on d.regional = p.regional and d.day >= p.from_day and d.day < p.to_day
     group by d.organization_id, p.oid, p.bytes
  ), raw as (
    select s.organization_id, sum(s.readings)::bigint as readings, sum(s.bytes * s.readings / nullif(s.readings_of_all, 0))::bigint as bytes
      from shares s group by s.organization_id
  ), buckets as (
    select d.organization_id, sum(d.buckets) as days, min(d.day) as first_day,
           sum(d.readings) filter (where d.day between current_date - 7 and current_date - 1) as readings_of_week,
           sum(d.buckets) filter (where d.day between current_date - 7 and current_date - 1) as days_of_week
      from days d group by d.organization_id
  ), weight as (
    select b.bytes, sum(k.days) as days,
           case when sum(k.days) >= 10000 then b.bytes / sum(k.days) else 24 * 298 + 204 end as bytes_a_day,
           (select case when sum(r.readings) >= 100000 then sum(r.bytes) / sum(r.readings) else 114.4 end from raw r) as bytes_a_reading
      from buckets k
     cross join (select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = 'data' and c.relname in ('hourly_analytics', 'daily_analytics')) as b
     group by b.bytes
  ), places as (
    select s.organization_id, count(*) as stores, sum(x.sensors)::bigint as sensors, sum(x.series)::bigint as series,
           max(x.sensors) as most_sensors, max(x.series) as most_series
      from data.stores s
     cross join lateral (
       select (select count(*) from data.sensor_metadata m where m.store_id = s.id and m.deleted_at is null) as sensors,
              (select count(*) from private.slots t where t.store_id = s.id) as series) as x
     where s.deleted_at is null
     group by s.organization_id
  )
  select o.name as organization, o.public_id, coalesce(p.stores, 0) as stores, coalesce(p.sensors, 0) as sensors, coalesce(p.series, 0) as series,
         coalesce(round(k.readings_of_week / w.known_days), 0)::bigint as readings_per_day,
         coalesce(r.readings, 0) as raw_readings, coalesce(r.bytes, 0) as raw_bytes,
         coalesce(round(m.bytes * k.days / nullif(m.days, 0)), 0)::bigint as bucket_bytes,
         coalesce(round(k.readings_of_week / w.known_days * m.bytes_a_reading), 0)::bigint as raw_bytes_per_day,
         coalesce(round(k.days_of_week / w.known_days * m.bytes_a_day), 0)::bigint as bucket_bytes_per_day,
         h.days as retention_days,
         coalesce(round(k.readings_of_week / w.known_days * m.bytes_a_reading * h.days), 0)::bigint as raw_bytes_at_retention,
         coalesce(p.most_sensors, 0) as most_sensors_in_a_store, coalesce(p.most_series, 0) as most_series_in_a_store
    from data.organizations o
    left join places p on p.organization_id = o.id
    left join raw r on r.organization_id = o.id
    left join buckets k on k.organization_id = o.id
    left join weight m on true
   cross join lateral (select least(7, greatest(current_date - k.first_day, 1)) as known_days) as w
   cross join lateral (
     select ceil(30.44 * least((o.settings ->> 'raw_retention_months')::integer, (select s.value::integer from private.settings s where s.key = 'raw_retention_months')))::integer as days) as h
   where o.parent_id is null and o.deleted_at is null;
comment on view monitor.organizations is 'Per tenant: what it has and brings, its share of the bytes, how it grows. Reads all daily buckets: minutes of a large database, so ask for it hourly at most.';
comment on column monitor.organizations.sensors is 'Sensors that were not deleted';
comment on column monitor.organizations.series is 'Lines and regions of sensors that ever counted: keys of raw rows';
comment on column monitor.organizations.readings_per_day is 'Mean of the last seven whole days, of fewer where it is younger';
comment on column monitor.organizations.raw_readings is 'Readings of the days whose partitions are there, by the daily buckets';
comment on column monitor.organizations.raw_bytes is 'Of each partition the share of its readings that are the tenant''s, indexes included';
comment on column monitor.organizations.bucket_bytes is 'Of the hourly and daily buckets the share of days of series that are the tenant''s';
comment on column monitor.organizations.raw_bytes_per_day is 'readings_per_day times the bytes of a reading here (114.4 below 100,000 readings)';
comment on column monitor.organizations.bucket_bytes_per_day is 'Days of series a day times their bytes here (7,356 below 10,000 of them); buckets stay for good';
comment on column monitor.organizations.retention_days is 'For how long its readings are kept';
comment on column monitor.organizations.raw_bytes_at_retention is 'What its readings will take once as many leave as come';
comment on column monitor.organizations.most_sensors_in_a_store is 'Gateways may register max_sensors_per_store (setting)';
comment on column monitor.organizations.most_series_in_a_store is '32767 are possible';

-- The disk fills by readings until as many leave as come, then by buckets alone. 70 % is where CAPACITY.md takes the next step.
create function monitor.room_on(disk bigint, used bigint default null)
returns table (database_bytes bigint, raw_bytes bigint, bucket_bytes bigint, readings_per_day bigint, bytes_per_day bigint, raw_bytes_at_retention bigint,
               disk_bytes bigint, used_bytes bigint, used_percent numeric, days_left integer)
language sql stable
begin atomic
  with all_of_them as (
    select coalesce(sum(o.raw_bytes), 0) as raw, coalesce(sum(o.bucket_bytes), 0) as buckets, coalesce(sum(o.readings_per_day), 0) as readings,
           coalesce(sum(o.raw_bytes_per_day), 0) as raw_a_day, coalesce(sum(o.bucket_bytes_per_day), 0) as buckets_a_day,
           coalesce(sum(o.raw_bytes_at_retention), 0) as raw_in_the_end
      from monitor.organizations o
  ), disk as (
    select nullif(room_on.disk, 0) as bytes, coalesce(room_on.used, pg_database_size(current_database())) as used
  ), growth as (
    select a.*, d.*, d.bytes * 0.7 - d.used as free, greatest(a.raw_in_the_end - a.raw, 0) as raw_to_come,
           case when a.raw_a_day > 0 then greatest(a.raw_in_the_end - a.raw, 0) / a.raw_a_day else 0 end as raw_days
      from all_of_them a cross join disk d
  )
  select pg_database_size(current_database()), g.raw::bigint, g.buckets::bigint, g.readings::bigint, (g.raw_a_day + g.buckets_a_day)::bigint, g.raw_in_the_end::bigint,
         g.bytes, case when g.bytes is not null then g.used end, round(100.0 * g.used / g.bytes, 1),
         (select least(x.days, 36500)::integer from (select
            case when g.free <= 0 then 0
                 when g.free <= g.raw_days * (g.raw_a_day + g.buckets_a_day) then g.free / (g.raw_a_day + g.buckets_a_day)
                 when g.buckets_a_day > 0 then g.raw_days + (g.free - g.raw_days * (g.raw_a_day + g.buckets_a_day)) / g.buckets_a_day end as days) as x
           where x.days is not null)
    from growth g;
end;
comment on function monitor.room_on(bigint, bigint) is
  'What the database takes, how it grows, and in how many days 70 % of a disk of so many bytes is full (null: never, or nobody said how large it is). used: what is used of it, where that is known better than by the size of the database.';

create view monitor.room as
  select r.* from private.settings s cross join lateral monitor.room_on(s.value::bigint) as r where s.key = 'disk_bytes';
comment on view monitor.room is 'The same for the disk that the setting disk_bytes states';

revoke all on function monitor.room_on(bigint, bigint) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function monitor.room_on(bigint, bigint) to lintel_monitor;
revoke all on monitor.organizations, monitor.room from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on monitor.organizations, monitor.room to lintel_monitor;

notify pgrst, 'reload schema';
commit;
