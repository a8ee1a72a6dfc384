-- What concurrent_sync.sql must have led to. Needs lintel.gateway. The buckets are worked out by another road than the
-- schema's: plain sums over everything.
create temporary table placed as
  select sensor_id, line, region, i, o, occ, duration_ms > 3600000 as long, flags / 16 % 2 = 1 as estimated, revision,
         to_timestamp((extract(epoch from started_at) * 1000 + greatest(duration_ms, 1) - 1) / 1000) as last
    from (select store_id, sensor_id, line, '' as region, started_at, duration_ms, flags, revision, count_in as i, count_out as o, null::integer as occ
            from data.people_counting_raw
          union all
          select store_id, sensor_id, '', region, started_at, duration_ms, flags, revision, null, null, occupancy
            from data.regional_counting_raw) as r
   where flags / 32 % 2 = 0 and store_id = (select g.store_id from data.gateways g where g.public_id = current_setting('lintel.gateway')::uuid);

do $$
declare
  its_store integer := (select store_id from data.gateways where public_id = current_setting('lintel.gateway')::uuid);
  found     record;
  wrong     record;
begin
  select count(*) as n, sum(coalesce(i, occ)) as people, min(revision) as revision into found from placed;
  if (found.n, found.people, found.revision) is distinct from (300::bigint, (select sum(r + 1000) from generate_series(0, 299) as r), 3::smallint) then
    raise exception 'expected each of 300 readings once, in its last version, but found %', found;
  end if;
  for wrong in
    select 'hour' as bucket, coalesce(a.at, b.at)::text as at, a as stored, b as raw from
      (select line, region, hour_at as at, count_in, count_out, occupancy_max, readings::bigint as n from data.hourly_analytics where store_id = its_store) as a
      full join (select line, region, to_timestamp(floor(extract(epoch from last) / 3600) * 3600) as at, coalesce(sum(i), 0)::bigint as count_in,
                        coalesce(sum(o), 0)::bigint as count_out, max(occ) as occupancy_max, count(*) as n
                   from placed where not long and not estimated group by 1, 2, 3) as b
      on a = b where a is null or b is null
    union all
    select 'day', coalesce(a.at, b.at)::text, a, b from
      (select line, region, day as at, count_in, unallocated_in, estimated_in, count_out + unallocated_out + estimated_out as outs, occupancy_max, readings::bigint as n
         from data.daily_analytics where store_id = its_store) as a
      full join (select line, region, (last at time zone 'Europe/Berlin')::date as at, coalesce(sum(i) filter (where not long and not estimated), 0)::bigint as count_in,
                        coalesce(sum(i) filter (where long and not estimated), 0)::bigint as unallocated_in, coalesce(sum(i) filter (where estimated), 0)::bigint as estimated_in,
                        coalesce(sum(o), 0)::bigint as outs, max(occ) as occupancy_max, count(*) as n
                   from placed group by 1, 2, 3) as b
      on a = b where a is null or b is null
  loop
    raise exception 'a bucket disagrees with the raw rows: %', wrong;
  end loop;

  select sum(to_at - from_at) as covered, count(distinct state) as states, min(revision) as revision,
         count(*) filter (where exists (select from private.coverage b where b.store_id = a.store_id and b.from_at > a.from_at and b.from_at < a.to_at)) as overlaps
    into found from private.coverage a where a.store_id = its_store;
  if (found.covered, found.states, found.revision, found.overlaps) is distinct from (interval '5 hours', 1::bigint, 3::bigint, 0::bigint) then
    raise exception 'expected five hours of coverage in its last version, but found %', found;
  end if;

  perform private.refresh_analytics();
  select sum(d.count_in + d.unallocated_in + d.estimated_in) as daily,
         (select sum(s.count_in + s.unallocated_in + s.estimated_in) from private.store_daily s where s.store_id = its_store) as shown into found
    from data.daily_analytics d where d.store_id = its_store;
  if found.daily is distinct from found.shown then
    raise exception 'the materialized view disagrees with the days: %', found;
  end if;
  raise notice 'each of 300 readings is there once, the roll-ups equal raw, and coverage is what was stated last';
end $$;
