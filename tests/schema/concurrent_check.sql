-- What concurrent_sync.sql must have led to. Needs lintel.gateway.
do $$
declare
  its_store integer := (select store_id from data.gateways where public_id = current_setting('lintel.gateway')::uuid);
  its_rows  record;
  wrong     record;
begin
  select count(*) as n, sum(count_in) as people, min(revision) as revision into its_rows
    from data.people_counting_raw where store_id = its_store;
  if (its_rows.n, its_rows.people, its_rows.revision) is distinct from (300::bigint, (select sum(r + 1000) from generate_series(0, 299) as r), 3::smallint) then
    raise exception 'expected each of 300 readings once, in its last version, but found %', its_rows;
  end if;
  for wrong in
    with raw as (
      select sensor_id, line, to_timestamp(floor(extract(epoch from started_at) / 3600) * 3600) as hour_at,
             (started_at at time zone 'Europe/Berlin')::date as day, count_in, count_out
        from data.people_counting_raw where store_id = its_store
    )
    select 'hour' as bucket, coalesce(a.at, b.at)::text as at, a as stored, b as raw from
      (select line, hour_at as at, count_in, count_out, readings::bigint as n from data.hourly_analytics where store_id = its_store) as a
      full join (select line, hour_at as at, sum(count_in)::bigint as count_in, sum(count_out)::bigint as count_out, count(*) as n from raw group by 1, 2) as b
      on a = b where a is null or b is null
    union all
    select 'day', coalesce(a.at, b.at)::text, a, b from
      (select line, day as at, count_in, count_out, readings::bigint as n from data.daily_analytics where store_id = its_store) as a
      full join (select line, day as at, sum(count_in)::bigint as count_in, sum(count_out)::bigint as count_out, count(*) as n from raw group by 1, 2) as b
      on a = b where a is null or b is null
  loop
    raise exception 'a bucket disagrees with the raw rows: %', wrong;
  end loop;
  raise notice 'each of 300 readings is there once, and the roll-ups equal raw';
end $$;
