-- Regions in which far more people are present than they hold: ten times the capacity that somebody stated.
select format('region "%s" of sensor %s, store %s', c.name, c.sensor_id, c.store_id) as object,
       format('up to %s people present, capacity %s, %s readings since %s', max(r.occupancy), c.capacity, count(*), to_char(min(r.started_at), 'YYYY-MM-DD HH24:MI')) as evidence, null::bigint as bytes,
       'Correct the capacity, or reset the region''s count at the store.' as advice
  from data.region_configurations c
  join private.slots t on t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional and t.label = c.region
  join data.regional_counting_raw r on r.store_id = t.store_id and r.slot = t.slot
 where c.capacity is not null and c.deleted_at is null and r.started_at > now() - make_interval(days => current_setting('lintel.days')::integer)
   and r.flags & 32 = 0 and r.occupancy > 10 * c.capacity
 group by c.id, c.name, c.sensor_id, c.store_id, c.capacity order by 1 limit 100
