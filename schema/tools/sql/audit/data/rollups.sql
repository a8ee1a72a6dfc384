-- Hours that do not add up to their readings, in fifty stores drawn anew every day.
with drawn as (
  select s.id from data.stores s where s.deleted_at is null order by md5(s.id::text || current_date) limit 50
), span as (
  select date_trunc('hour', now() - make_interval(days => current_setting('lintel.days')::integer)) as from_at, date_trunc('hour', now()) as to_at
), told as (
  select r.store_id, r.sensor_id, r.line, date_trunc('hour', r.started_at + greatest(r.duration_ms - 1, 0) * interval '1 millisecond') as hour_at, r.count_in, r.count_out
    from drawn, span, data.people_counting_raw r
   where r.store_id = drawn.id and r.started_at >= span.from_at - interval '1 hour' and r.started_at < span.to_at
     and r.duration_ms <= 3600000 and r.flags & 48 = 0
), readings as (
  select t.store_id, t.sensor_id, t.line, t.hour_at, coalesce(sum(t.count_in), 0) as count_in, coalesce(sum(t.count_out), 0) as count_out
    from told t, span where t.hour_at >= span.from_at and t.hour_at < span.to_at group by 1, 2, 3, 4
), hours as (
  select h.store_id, h.sensor_id, h.line, h.hour_at, h.count_in, h.count_out
    from drawn, span, data.hourly_analytics h
   where h.store_id = drawn.id and h.hour_at >= span.from_at and h.hour_at < span.to_at and h.region = ''
)
select format('store %s, sensor %s, line "%s"', store_id, sensor_id, line) as object,
       format('%s hours differ from their readings, the first %s: in %s of %s, out %s of %s', count(*), to_char(min(hour_at), 'YYYY-MM-DD HH24:MI'),
              (array_agg(coalesce(h.count_in, 0) order by hour_at))[1], (array_agg(coalesce(r.count_in, 0) order by hour_at))[1],
              (array_agg(coalesce(h.count_out, 0) order by hour_at))[1], (array_agg(coalesce(r.count_out, 0) order by hour_at))[1]) as evidence, null::bigint as bytes,
       'Somebody wrote past the functions. Have the store''s days counted anew: update private.recompute_jobs, or api.correct_store_calendar with the calendar it has.' as advice
  from readings r full join hours h using (store_id, sensor_id, line, hour_at)
 where (coalesce(h.count_in, 0), coalesce(h.count_out, 0)) <> (coalesce(r.count_in, 0), coalesce(r.count_out, 0))
 group by store_id, sensor_id, line order by count(*) desc, 1 limit 100
