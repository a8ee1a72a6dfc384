-- More people than fit through a door: above twenty a second (a thousand at least) in a reading, or in an hour.
select format('store %s, sensor %s, line "%s"', r.store_id, r.sensor_id, r.line) as object,
       format('%s readings of up to %s people; the first at %s: %s in %s s', count(*), max(greatest(r.count_in, r.count_out)), to_char(min(r.started_at), 'YYYY-MM-DD HH24:MI:SS'),
              (array_agg(greatest(r.count_in, r.count_out) order by r.started_at))[1], (array_agg(r.duration_ms / 1000 order by r.started_at))[1]) as evidence, null::bigint as bytes,
       'Look at the device; what is wrong is discarded at the store: lintel correct discard.' as advice
  from data.people_counting_raw r
 where r.started_at > now() - make_interval(days => current_setting('lintel.days')::integer) and r.flags & 32 = 0
   and greatest(r.count_in, r.count_out) > greatest(1000, r.duration_ms / 50)
 group by r.store_id, r.sensor_id, r.line
union all
select format('hours of store %s, sensor %s, line "%s"', h.store_id, h.sensor_id, h.line), format('%s hours with up to %s people, the first %s', count(*), max(greatest(h.count_in, h.count_out)), to_char(min(h.hour_at), 'YYYY-MM-DD HH24:MI')), null,
       'Look at its readings: api.explain_counts.'
  from data.hourly_analytics h
 where h.hour_at > now() - make_interval(days => current_setting('lintel.days')::integer) and greatest(h.count_in, h.count_out) > 72000
 group by h.store_id, h.sensor_id, h.line
 order by 1 limit 100
