-- Deploy lintel:sync_readings to pg
-- requires: sync_moves
-- From valid readings to raw rows and roll-ups. The caller holds the gateway's row, so nobody else writes
-- readings of its sensors meanwhile.

begin;
set local role lintel_owner;

create function private.days_of_readings(store data.stores, readings private.reading[]) returns private.days
language plpgsql stable as $$
begin
  return (select private.days_of(store.calendar, min(private.last_instant(r.started_at, r.duration_ms)),
                                 max(private.last_instant(r.started_at, r.duration_ms))) from unnest(readings) as r);
end $$;
comment on function private.days_of_readings(data.stores, private.reading[]) is 'The days of the store in which some readings are counted';

-- Rows that are new add to their buckets; rows whose key is taken are left to private.correct_readings.
create function private.add_people(store data.stores, epoch smallint, readings private.reading[]) returns bigint
language plpgsql volatile as $$
declare
  added_rows bigint;
  days       private.days := private.days_of_readings(store, readings);
begin
  with added as (
    insert into data.people_counting_raw
      (organization_id, store_id, slot, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags,
       epoch, revision, received_at)
    select store.organization_id, store.id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in,
           r.count_out, r.flags, add_people.epoch, r.revision, now()
      from unnest(readings) as r
     where not r.regional
    on conflict do nothing
    returning sensor_id, line, started_at, duration_ms, count_in, count_out, flags
  ), placed as materialized (
    select a.sensor_id, a.line, a.count_in, a.count_out, a.flags & 16 <> 0 as estimated, a.duration_ms > 3600000 as long,
           private.last_instant(a.started_at, a.duration_ms) as last
      from added a
     where a.flags & 32 = 0
  ), hours as (
    insert into data.hourly_analytics as h
      (organization_id, store_id, sensor_id, line, hour_at, count_in, count_out, readings, updated_at)
    select store.organization_id, store.id, p.sensor_id, p.line, date_trunc('hour', p.last, 'UTC') as hour_at,
           coalesce(sum(p.count_in), 0), coalesce(sum(p.count_out), 0), count(*), now()
      from placed p
     where not p.estimated and not p.long
     group by p.sensor_id, p.line, hour_at
     order by p.sensor_id, hour_at, p.line
    on conflict on constraint hourly_analytics_pkey do update
      set count_in = h.count_in + excluded.count_in, count_out = h.count_out + excluded.count_out,
          readings = h.readings + excluded.readings, updated_at = excluded.updated_at
  ), counted_days as (
    insert into data.daily_analytics as d
      (organization_id, store_id, sensor_id, line, day, count_in, count_out, unallocated_in, unallocated_out,
       estimated_in, estimated_out, readings, updated_at)
    select store.organization_id, store.id, p.sensor_id, p.line,
           private.day_in(days.first_day, days.begins, p.last) as day,
           coalesce(sum(p.count_in) filter (where not p.estimated and not p.long), 0),
           coalesce(sum(p.count_out) filter (where not p.estimated and not p.long), 0),
           coalesce(sum(p.count_in) filter (where not p.estimated and p.long), 0),
           coalesce(sum(p.count_out) filter (where not p.estimated and p.long), 0),
           coalesce(sum(p.count_in) filter (where p.estimated), 0),
           coalesce(sum(p.count_out) filter (where p.estimated), 0),
           count(*), now()
      from placed p
     group by p.sensor_id, p.line, day
     order by p.sensor_id, day, p.line
    on conflict on constraint daily_analytics_pkey do update
      set count_in = d.count_in + excluded.count_in, count_out = d.count_out + excluded.count_out,
          unallocated_in = d.unallocated_in + excluded.unallocated_in,
          unallocated_out = d.unallocated_out + excluded.unallocated_out,
          estimated_in = d.estimated_in + excluded.estimated_in, estimated_out = d.estimated_out + excluded.estimated_out,
          readings = d.readings + excluded.readings, updated_at = excluded.updated_at
  )
  select count(*) into added_rows from added;
  return added_rows;
end $$;
comment on function private.add_people(data.stores, smallint, private.reading[]) is
  'Adds line readings with new keys to raw and roll-ups. Returns how many were new.';

create function private.add_regional(store data.stores, epoch smallint, readings private.reading[]) returns bigint
language plpgsql volatile as $$
declare
  added_rows bigint;
  days       private.days := private.days_of_readings(store, readings);
begin
  with added as (
    insert into data.regional_counting_raw
      (organization_id, store_id, slot, sensor_id, region, started_at, seq, duration_ms, occupancy, flags,
       epoch, revision, received_at)
    select store.organization_id, store.id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.occupancy,
           r.flags, add_regional.epoch, r.revision, now()
      from unnest(readings) as r
     where r.regional
    on conflict do nothing
    returning sensor_id, region, started_at, duration_ms, occupancy, flags
  ), placed as materialized (
    select a.sensor_id, a.region, a.occupancy, a.flags & 16 = 0 and a.duration_ms <= 3600000 as hourly,
           private.last_instant(a.started_at, a.duration_ms) as last
      from added a
     where a.flags & 32 = 0
  ), hours as (
    insert into data.hourly_analytics as h
      (organization_id, store_id, sensor_id, region, hour_at, occupancy_max, readings, updated_at)
    select store.organization_id, store.id, p.sensor_id, p.region, date_trunc('hour', p.last, 'UTC') as hour_at,
           max(p.occupancy), count(*), now()
      from placed p
     where p.hourly
     group by p.sensor_id, p.region, hour_at
     order by p.sensor_id, hour_at, p.region
    on conflict on constraint hourly_analytics_pkey do update
      set occupancy_max = greatest(h.occupancy_max, excluded.occupancy_max),
          readings = h.readings + excluded.readings, updated_at = excluded.updated_at
  ), counted_days as (
    insert into data.daily_analytics as d
      (organization_id, store_id, sensor_id, region, day, occupancy_max, readings, updated_at)
    select store.organization_id, store.id, p.sensor_id, p.region,
           private.day_in(days.first_day, days.begins, p.last) as day,
           max(p.occupancy), count(*), now()
      from placed p
     group by p.sensor_id, p.region, day
     order by p.sensor_id, day, p.region
    on conflict on constraint daily_analytics_pkey do update
      set occupancy_max = greatest(d.occupancy_max, excluded.occupancy_max),
          readings = d.readings + excluded.readings, updated_at = excluded.updated_at
  )
  select count(*) into added_rows from added;
  return added_rows;
end $$;
comment on function private.add_regional(data.stores, smallint, private.reading[]) is
  'Adds region readings with new keys to raw and roll-ups. Returns how many were new.';

create function private.correct_people(store data.stores, epoch smallint, readings private.reading[],
                                       out touched private.bucket[], out rejected jsonb)
language plpgsql volatile as $$
declare
  newer    private.reading[];
  -- Bounds spare the plan the partitions in which nothing can be.
  first_at timestamptz := (select min(r.started_at) from unnest(readings) as r);
  last_at  timestamptz := (select max(r.started_at) from unnest(readings) as r);
begin
  select array_agg(n.r), array_agg(private.bucket_of(store, x.sensor_id, x.line, '', x.started_at, x.duration_ms))
    into newer, touched
    from (select distinct on (r.slot, r.started_at) r
            from unnest(readings) as r where not r.regional
           order by r.slot, r.started_at, r.revision desc, r.s, r.k) as n
    join data.people_counting_raw x
      on x.store_id = store.id and x.slot = (n.r).slot and x.started_at = (n.r).started_at
     and x.started_at between first_at and last_at
   where (x.epoch, x.revision) < (correct_people.epoch, (n.r).revision);

  insert into data.people_counting_raw as x
    (organization_id, store_id, slot, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags,
     epoch, revision, received_at)
  select store.organization_id, store.id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in,
         r.count_out, r.flags, correct_people.epoch, r.revision, now()
    from unnest(newer) as r
  on conflict on constraint people_counting_raw_pkey do update
    set duration_ms = excluded.duration_ms, count_in = excluded.count_in, count_out = excluded.count_out,
        flags = excluded.flags, epoch = excluded.epoch, revision = excluded.revision, received_at = excluded.received_at
  where (x.epoch, x.revision) < (excluded.epoch, excluded.revision);

  touched := touched || (select array_agg(private.bucket_of(store, r.sensor_id, r.label, '', r.started_at, r.duration_ms))
                           from unnest(newer) as r);
  -- Judged after the update: of two in one request, the later revision has won.
  select jsonb_agg(private.rejection(r.s, r.k, 'conflict')) into rejected
    from unnest(readings) as r
    join data.people_counting_raw x
      on x.store_id = store.id and x.slot = r.slot and x.started_at = r.started_at
     and x.started_at between first_at and last_at
   where not r.regional and x.epoch = correct_people.epoch and x.revision = r.revision
     and (x.duration_ms, x.count_in, x.count_out, x.flags) is distinct from (r.duration_ms, r.count_in, r.count_out, r.flags);
end $$;
comment on function private.correct_people(data.stores, smallint, private.reading[]) is
  'Applies line readings of a later order to the rows that have their keys, and names those that contradict one of the same order';

create function private.correct_regional(store data.stores, epoch smallint, readings private.reading[],
                                         out touched private.bucket[], out rejected jsonb)
language plpgsql volatile as $$
declare
  newer    private.reading[];
  -- Bounds spare the plan the partitions in which nothing can be.
  first_at timestamptz := (select min(r.started_at) from unnest(readings) as r);
  last_at  timestamptz := (select max(r.started_at) from unnest(readings) as r);
begin
  select array_agg(n.r), array_agg(private.bucket_of(store, x.sensor_id, '', x.region, x.started_at, x.duration_ms))
    into newer, touched
    from (select distinct on (r.slot, r.started_at) r
            from unnest(readings) as r where r.regional
           order by r.slot, r.started_at, r.revision desc, r.s, r.k) as n
    join data.regional_counting_raw x
      on x.store_id = store.id and x.slot = (n.r).slot and x.started_at = (n.r).started_at
     and x.started_at between first_at and last_at
   where (x.epoch, x.revision) < (correct_regional.epoch, (n.r).revision);

  insert into data.regional_counting_raw as x
    (organization_id, store_id, slot, sensor_id, region, started_at, seq, duration_ms, occupancy, flags,
     epoch, revision, received_at)
  select store.organization_id, store.id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.occupancy,
         r.flags, correct_regional.epoch, r.revision, now()
    from unnest(newer) as r
  on conflict on constraint regional_counting_raw_pkey do update
    set duration_ms = excluded.duration_ms, occupancy = excluded.occupancy,
        flags = excluded.flags, epoch = excluded.epoch, revision = excluded.revision, received_at = excluded.received_at
  where (x.epoch, x.revision) < (excluded.epoch, excluded.revision);

  touched := touched || (select array_agg(private.bucket_of(store, r.sensor_id, '', r.label, r.started_at, r.duration_ms))
                           from unnest(newer) as r);
  select jsonb_agg(private.rejection(r.s, r.k, 'conflict')) into rejected
    from unnest(readings) as r
    join data.regional_counting_raw x
      on x.store_id = store.id and x.slot = r.slot and x.started_at = r.started_at
     and x.started_at between first_at and last_at
   where r.regional and x.epoch = correct_regional.epoch and x.revision = r.revision
     and (x.duration_ms, x.occupancy, x.flags) is distinct from (r.duration_ms, r.occupancy, r.flags);
end $$;
comment on function private.correct_regional(data.stores, smallint, private.reading[]) is
  'Applies region readings of a later order to the rows that have their keys, and names those that contradict one of the same order';

-- One reading is what live traffic brings. It needs neither groups nor an order, so three plain statements do: less than
-- half of what private.add_people costs. An estimate, a voided and a long one are rare, and left to that.
create function private.add_passage(store data.stores, epoch smallint, r private.reading) returns bigint
language plpgsql volatile as $$
declare
  last constant timestamptz := private.last_instant(r.started_at, r.duration_ms);
begin
  insert into data.people_counting_raw
    (organization_id, store_id, slot, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags,
     epoch, revision, received_at)
  values (store.organization_id, store.id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in,
          r.count_out, r.flags, add_passage.epoch, r.revision, now())
  on conflict do nothing;
  if not found then
    return 0;
  end if;

  insert into data.hourly_analytics as h
    (organization_id, store_id, sensor_id, line, hour_at, count_in, count_out, readings, updated_at)
  values (store.organization_id, store.id, r.sensor_id, r.label, date_trunc('hour', last, 'UTC'), coalesce(r.count_in, 0),
          coalesce(r.count_out, 0), 1, now())
  on conflict on constraint hourly_analytics_pkey do update
    set count_in = h.count_in + excluded.count_in, count_out = h.count_out + excluded.count_out,
        readings = h.readings + excluded.readings, updated_at = excluded.updated_at;

  insert into data.daily_analytics as d
    (organization_id, store_id, sensor_id, line, day, count_in, count_out, readings, updated_at)
  values (store.organization_id, store.id, r.sensor_id, r.label, private.store_day(store.calendar, last), coalesce(r.count_in, 0),
          coalesce(r.count_out, 0), 1, now())
  on conflict on constraint daily_analytics_pkey do update
    set count_in = d.count_in + excluded.count_in, count_out = d.count_out + excluded.count_out,
        readings = d.readings + excluded.readings, updated_at = excluded.updated_at;
  return 1;
end $$;
comment on function private.add_passage(data.stores, smallint, private.reading) is
  'What private.add_people does, for a single reading of at most an hour that is neither estimated nor voided. Returns 1 if it was new, else 0.';
revoke all on function private.add_passage(data.stores, smallint, private.reading) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.add_readings(store data.stores, epoch smallint, readings private.reading[]) returns bigint
language plpgsql volatile as $$
declare
  found_constraint text;
begin
  if cardinality(readings) = 1 and not (readings[1]).regional and (readings[1]).flags & 48 = 0
     and (readings[1]).duration_ms <= 3600000 then
    return private.add_passage(store, epoch, readings[1]);
  end if;
  return private.add_people(store, epoch, readings)
       + case when exists (select from unnest(readings) r where r.regional)
              then private.add_regional(store, epoch, readings) else 0 end;
exception when check_violation then
  -- A row for which no partition exists fails a check that has no name.
  get stacked diagnostics found_constraint = constraint_name;
  if found_constraint <> '' then
    raise;
  end if;
  raise sqlstate 'PT503' using message = 'HQ has no partition for one of the readings',
    detail = sqlerrm, hint = 'The DBA has to call private.maintain(); the gateway keeps its readings and asks again.';
end $$;
comment on function private.add_readings(data.stores, smallint, private.reading[]) is
  'Adds readings with new keys. Returns how many were new. Raises PT503 when a partition is missing.';

create function private.lack_slots(readings private.reading[]) returns boolean
language plpgsql immutable as $$
begin
  return exists (select from unnest(readings) as r where r.slot is null);
end $$;
comment on function private.lack_slots(private.reading[]) is 'Whether any of these readings has no slot yet';
revoke all on function private.lack_slots(private.reading[]) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.apply_readings(store data.stores, epoch smallint, all_series jsonb, readings private.reading[])
returns jsonb
language plpgsql volatile as $$
declare
  touched    private.bucket[];
  correction record;
  rejected   jsonb := '[]';
begin
  if jsonb_path_exists(all_series, '$[*].moved[*]') then
    touched := private.apply_moves(store, epoch, all_series, readings);
  end if;
  if exists (select from private.moved_keys g where g.store_id = store.id) then
    readings := private.without_guarded(store.id, epoch, readings);
  end if;
  if (case when cardinality(readings) = 1 then (readings[1]).slot is null else private.lack_slots(readings) end) then
    readings := private.with_slots(store.id, readings);
    select coalesce(jsonb_agg(private.rejection(r.s, r.k, 'too_many_series')), '[]') into rejected
      from unnest(readings) as r where r.slot is null;
    if rejected <> '[]' then
      readings := array(select r from unnest(readings) as r where r.slot is not null);
    end if;
  end if;
  if private.add_readings(store, epoch, readings) < cardinality(readings) then
    select * into correction from private.correct_people(store, epoch, readings);
    touched := touched || correction.touched;
    rejected := rejected || coalesce(correction.rejected, '[]');
    if exists (select from unnest(readings) r where r.regional) then
      select * into correction from private.correct_regional(store, epoch, readings);
      touched := touched || correction.touched;
      rejected := rejected || coalesce(correction.rejected, '[]');
    end if;
  end if;
  if cardinality(touched) > 0 then
    perform private.recompute_hours(store, touched);
    perform private.recompute_days(store, touched);
  end if;
  return rejected;
end $$;
comment on function private.apply_readings(data.stores, smallint, jsonb, private.reading[]) is
  'Brings raw rows and roll-ups to what the readings say. Returns the rejected ones.';

notify pgrst, 'reload schema';
commit;
