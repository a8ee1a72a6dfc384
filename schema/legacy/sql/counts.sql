-- The four tables of counts as claims: what each row says of which sensor, line and instant, or why it says nothing. Here, in
-- planned_* and in take_*, is all that is known of the old layout; where yours differs, change it here.

create function legacy_migration.count_problem(at timestamptz, label text, duration_ms bigint, count_in integer, count_out integer, occupancy integer, horizon timestamptz) returns text
language sql stable
return case when at is null then 'no_time'
            when count_in is null and count_out is null and occupancy is null then 'no_count'
            when count_in < 0 or count_out < 0 or occupancy < 0 or duration_ms < 0 then 'negative'
            when duration_ms > 34560000000 then 'too_long'
            when at + coalesce(duration_ms, 0) * interval '1 millisecond' > now() + interval '1 day' then 'future'
            when at < horizon then 'too_old'
            when length(label) > 64 or label ~ '[[:cntrl:]]' then 'bad_label' end;
comment on function legacy_migration.count_problem(timestamptz, text, bigint, integer, integer, integer, timestamptz) is
  'Why a count cannot be taken, in the words of the sync contract where it has them; null when it can';

create view legacy_migration.claims_people_counting_data as
  select 21::smallint as source, d.id as source_id,
         case when m.old_id is null then 'unknown_sensor'
              else legacy_migration.count_problem(t.at, d.line, d.interval_seconds * 1000::bigint, d.count_in, d.count_out, null, (select private.retention_horizon())) end as problem,
         case when m.old_id is null then 'sensor:' || coalesce(d.sensor_id::text, 'none') end as ref, t.note, m.store_id, m.sensor_id, false as regional,
         coalesce(d.line, '') as label, t.at::timestamptz(3) as started_at, coalesce(d.interval_seconds, 60) * 1000::bigint as duration_ms, d.count_in, d.count_out,
         null::integer as occupancy, t.flags, d.created_at as arrived_at
    from public.people_counting_data d
    left join legacy_migration.doors m on m.old_id = d.sensor_id
   cross join lateral (select x.at, x.note, x.flags from legacy_migration.local_time(d."timestamp", m.timezone, d.created_at) as x offset 0) as t;

create view legacy_migration.claims_sensor_data as
  select 22::smallint as source, d.id as source_id,
         case when m.serial is null then 'unknown_sensor' when m.sensors > 1 then 'ambiguous_sensor'
              else legacy_migration.count_problem(t.at, d.line, null, d.people_in, d.people_out, null, (select private.retention_horizon())) end as problem,
         case when m.serial is null or m.sensors > 1 then 'serial:' || coalesce(upper(btrim(d.serial)), 'none') end as ref, null::text as note, m.store_id, m.sensor_id, false as regional,
         coalesce(d.line, '') as label, t.at::timestamptz(3) as started_at, 60000::bigint as duration_ms, d.people_in as count_in, d.people_out as count_out,
         null::integer as occupancy, 0::smallint as flags, d.received at time zone 'UTC' as arrived_at
    from public.sensor_data d
    left join (select x.serial, min(x.sensor_id) as sensor_id, min(x.store_id) as store_id, count(distinct x.sensor_id) as sensors
                 from legacy_migration.doors x group by x.serial) as m on m.serial = upper(btrim(d.serial))
   cross join lateral (select to_timestamp(d.ts::double precision / case when d.ts > 100000000000 then 1000 else 1 end) as at offset 0) as t;

create view legacy_migration.claims_people_counting_data_backup as
  select 23::smallint as source, d.backup_id as source_id,
         case when m.old_id is null then 'unknown_sensor'
              else legacy_migration.count_problem(t.at, d.line, d.interval_seconds * 1000::bigint, d.count_in, d.count_out, null, (select private.retention_horizon())) end as problem,
         case when m.old_id is null then 'sensor:' || coalesce(d.sensor_id::text, 'none') end as ref, t.note, m.store_id, m.sensor_id, false as regional,
         coalesce(d.line, '') as label, t.at::timestamptz(3) as started_at, coalesce(d.interval_seconds, 60) * 1000::bigint as duration_ms, d.count_in, d.count_out,
         null::integer as occupancy, t.flags, d.created_at as arrived_at
    from public.people_counting_data_backup d
    left join legacy_migration.doors m on m.old_id = d.sensor_id
   cross join lateral (select x.at, x.note, x.flags from legacy_migration.local_time(d."timestamp", m.timezone, d.created_at) as x offset 0) as t;

create view legacy_migration.claims_regional_counts as
  select 24::smallint as source, d.id as source_id,
         case when m.old_id is null then 'unknown_region'
              else coalesce((t.read).problem, legacy_migration.count_problem((t.read).at, m.region, 0, null, null, d.occupancy, (select private.retention_horizon()))) end as problem,
         case when m.old_id is null then 'region:' || coalesce(d.region_id::text, 'none') end as ref, (t.read).note, m.store_id, m.sensor_id, true as regional,
         m.region as label, (t.read).at::timestamptz(3) as started_at, 0::bigint as duration_ms, null::integer as count_in, null::integer as count_out,
         d.occupancy, (t.read).flags, d.created_at as arrived_at
    from public.regional_counts d
    left join legacy_migration.areas m on m.old_id = d.region_id
   cross join lateral (select legacy_migration.read_time(d.recorded_at, m.timezone, d.created_at) as read offset 0) as t;

create view legacy_migration.claims as
  select * from legacy_migration.claims_people_counting_data union all select * from legacy_migration.claims_sensor_data
  union all select * from legacy_migration.claims_people_counting_data_backup union all select * from legacy_migration.claims_regional_counts;
comment on view legacy_migration.claims is 'All rows of the four tables of counts, understood or not';

create function legacy_migration.counts_of_sensor(old integer) returns table (source smallint, source_id bigint)
language sql stable as $$
  select 21::smallint, d.id from public.people_counting_data d where d.sensor_id = old
  union all select 22::smallint, d.id from public.sensor_data d where upper(btrim(d.serial)) = (select x.serial from legacy_migration.doors x where x.old_id = old)
  union all select 23::smallint, d.backup_id from public.people_counting_data_backup d where d.sensor_id = old
  union all select 24::smallint, d.id from public.regional_counts d where d.region_id in (select r.id from public.regions r where r.sensor_id = old)
$$;
comment on function legacy_migration.counts_of_sensor(integer) is 'Rows of counts that name an old sensor';
