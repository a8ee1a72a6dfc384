-- Deploy lintel:rollups to pg
-- requires: raw
-- requires: analytics
-- requires: slots
-- requires: store_days

begin;
set local role lintel_owner;

create function private.last_instant(started_at timestamptz, duration_ms bigint) returns timestamptz
language sql stable
return started_at + greatest(duration_ms - 1, 0) * interval '1 millisecond';
comment on function private.last_instant(timestamptz, bigint) is 'Instant whose bucket a reading belongs to';

create view private.countings as
  select store_id, slot, sensor_id, line, ''::text collate "C" as region, started_at, duration_ms, flags,
         count_in, count_out, null::integer as occupancy
    from data.people_counting_raw
  union all
  select store_id, slot, sensor_id, ''::text collate "C", region, started_at, duration_ms, flags,
         null, null, occupancy
    from data.regional_counting_raw;
comment on view private.countings is 'Both raw tables as the buckets see them';

create type private.bucket as
  (sensor_id integer, line text, region text, hour_at timestamptz, day date);
comment on type private.bucket is 'The hour and the day a reading is counted in';

create function private.bucket_of(store data.stores, sensor_id integer, line text, region text,
                                  started_at timestamptz, duration_ms bigint) returns private.bucket
language sql stable
return row(sensor_id, line, region, date_trunc('hour', private.last_instant(started_at, duration_ms), 'UTC'),
           private.store_day((store).calendar, private.last_instant(started_at, duration_ms)))::private.bucket;
comment on function private.bucket_of(data.stores, integer, text, text, timestamptz, bigint) is 'Buckets of a reading';

create function private.recompute_hours(store data.stores, touched private.bucket[]) returns void
language plpgsql volatile as $$
begin
  delete from data.hourly_analytics h
   using (select distinct b.sensor_id, b.line, b.region, b.hour_at from unnest(touched) b) b
   where h.store_id = store.id and h.sensor_id = b.sensor_id and h.hour_at = b.hour_at
     and h.line = b.line and h.region = b.region;

  insert into data.hourly_analytics as h
    (organization_id, store_id, sensor_id, line, region, hour_at, count_in, count_out, occupancy_max, readings, updated_at)
  select store.organization_id, store.id, b.sensor_id, b.line, b.region, b.hour_at,
         sums.count_in, sums.count_out, sums.occupancy_max, sums.readings, now()
    from (select b.*, private.slots_of_bucket(store.id, b.sensor_id, b.line, b.region) as slots
            from (select distinct b.sensor_id, b.line, b.region, b.hour_at from unnest(touched) b) b offset 0) b
   cross join lateral (
     select coalesce(sum(r.count_in), 0) as count_in, coalesce(sum(r.count_out), 0) as count_out,
            max(r.occupancy) as occupancy_max, count(*) as readings
       from private.countings r
      where r.store_id = store.id and r.slot = any (b.slots)
        and r.started_at > b.hour_at - interval '1 hour' and r.started_at < b.hour_at + interval '1 hour'
        and r.duration_ms <= 3600000 and r.flags & 48 = 0
        and private.last_instant(r.started_at, r.duration_ms) >= b.hour_at
        and private.last_instant(r.started_at, r.duration_ms) < b.hour_at + interval '1 hour') as sums
   where sums.readings > 0
   order by b.sensor_id, b.hour_at, b.line, b.region
  on conflict (store_id, sensor_id, hour_at, line, region) do update
    set count_in = excluded.count_in, count_out = excluded.count_out, occupancy_max = excluded.occupancy_max,
        readings = excluded.readings, updated_at = excluded.updated_at;
end $$;
comment on function private.recompute_hours(data.stores, private.bucket[]) is 'Sets hourly buckets to what the raw rows add up to';

create function private.recompute_days(store data.stores, touched private.bucket[]) returns void
language plpgsql volatile as $$
begin
  delete from data.daily_analytics d
   using (select distinct b.sensor_id, b.line, b.region, b.day from unnest(touched) b) b
   where d.store_id = store.id and d.sensor_id = b.sensor_id and d.day = b.day
     and d.line = b.line and d.region = b.region;

  insert into data.daily_analytics as d
    (organization_id, store_id, sensor_id, line, region, day, count_in, count_out, unallocated_in, unallocated_out,
     estimated_in, estimated_out, occupancy_max, readings, updated_at)
  select store.organization_id, store.id, b.sensor_id, b.line, b.region, b.day,
         sums.count_in, sums.count_out, sums.unallocated_in, sums.unallocated_out, sums.estimated_in,
         sums.estimated_out, sums.occupancy_max, sums.readings, now()
    from (select b.*, private.slots_of_bucket(store.id, b.sensor_id, b.line, b.region) as slots, d.begins, d.ends
            from (select distinct b.sensor_id, b.line, b.region, b.day from unnest(touched) b) b
            join (select distinct b.day, private.day_begins(store.calendar, b.day) as begins, private.day_begins(store.calendar, b.day + 1) as ends
                    from (select distinct b.day from unnest(touched) b offset 0) as b) as d using (day) offset 0) b
   cross join lateral (
     select coalesce(sum(r.count_in) filter (where r.flags & 16 = 0 and r.duration_ms <= 3600000), 0) as count_in,
            coalesce(sum(r.count_out) filter (where r.flags & 16 = 0 and r.duration_ms <= 3600000), 0) as count_out,
            coalesce(sum(r.count_in) filter (where r.flags & 16 = 0 and r.duration_ms > 3600000), 0) as unallocated_in,
            coalesce(sum(r.count_out) filter (where r.flags & 16 = 0 and r.duration_ms > 3600000), 0) as unallocated_out,
            coalesce(sum(r.count_in) filter (where r.flags & 16 <> 0), 0) as estimated_in,
            coalesce(sum(r.count_out) filter (where r.flags & 16 <> 0), 0) as estimated_out,
            max(r.occupancy) as occupancy_max, count(*) as readings
       from (select * from private.countings s
              where s.store_id = store.id and s.slot = any (b.slots) and s.duration_ms <= 3600000
                and s.started_at > b.begins - interval '1 hour' and s.started_at < b.ends
             union all
             select * from private.countings l
              where l.store_id = store.id and l.slot = any (b.slots) and l.duration_ms > 3600000
                and l.started_at > b.begins - interval '402 days' and l.started_at < b.ends) as r
      where r.flags & 32 = 0
        and private.last_instant(r.started_at, r.duration_ms) >= b.begins
        and private.last_instant(r.started_at, r.duration_ms) < b.ends) as sums
   where sums.readings > 0
   order by b.sensor_id, b.day, b.line, b.region
  on conflict (store_id, sensor_id, day, line, region) do update
    set count_in = excluded.count_in, count_out = excluded.count_out,
        unallocated_in = excluded.unallocated_in, unallocated_out = excluded.unallocated_out,
        estimated_in = excluded.estimated_in, estimated_out = excluded.estimated_out,
        occupancy_max = excluded.occupancy_max, readings = excluded.readings, updated_at = excluded.updated_at,
        old_calendar = false;
end $$;
comment on function private.recompute_days(data.stores, private.bucket[]) is 'Sets daily buckets to what the raw rows add up to';

notify pgrst, 'reload schema';
commit;
