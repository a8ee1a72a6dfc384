-- Readings that ended after HQ had received them: the gateway's or the device's clock is ahead.
select format('store %s', r.store_id) as object,
       format('%s readings of %s sensors ended up to %s after HQ had received them', count(*), count(distinct r.sensor_id),
              max(r.started_at + r.duration_ms * interval '1 millisecond' - r.received_at)) as evidence, null::bigint as bytes,
       'Look at the clock there: lintel doctor --only clock.' as advice
  from (select store_id, sensor_id, started_at, duration_ms, received_at from data.people_counting_raw
         where started_at > now() - make_interval(days => current_setting('lintel.days')::integer)
        union all
        select store_id, sensor_id, started_at, duration_ms, received_at from data.regional_counting_raw
         where started_at > now() - make_interval(days => current_setting('lintel.days')::integer)) as r
 where r.started_at + r.duration_ms * interval '1 millisecond' > r.received_at + interval '5 minutes'
 group by r.store_id order by count(*) desc, 1 limit 100
