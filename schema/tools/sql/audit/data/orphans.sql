-- Rows of stores and sensors that do not exist. Readings and roll-ups have no foreign keys, so nothing but the
-- functions that write them keeps them honest. Of raw rows the series are looked at, not each row.
with recursive series as (
  -- One step per series: from each key to the first of the next (a loose scan of the primary key).
  (select 'data.people_counting_raw' as place, r.store_id, r.slot from data.people_counting_raw r order by r.store_id, r.slot limit 1)
  union all
  select s.place, n.store_id, n.slot
    from series s
   cross join lateral (select r.store_id, r.slot from data.people_counting_raw r where (r.store_id, r.slot) > (s.store_id, s.slot) order by r.store_id, r.slot limit 1) as n
), regional as (
  (select 'data.regional_counting_raw' as place, r.store_id, r.slot from data.regional_counting_raw r order by r.store_id, r.slot limit 1)
  union all
  select s.place, n.store_id, n.slot
    from regional s
   cross join lateral (select r.store_id, r.slot from data.regional_counting_raw r where (r.store_id, r.slot) > (s.store_id, s.slot) order by r.store_id, r.slot limit 1) as n
), named as (
  select place, store_id, null::integer as sensor_id, format('slot %s', slot) as what from (table series union all table regional) as x
   where not exists (select from private.slots t where t.store_id = x.store_id and t.slot = x.slot)
  union all
  select 'private.slots', t.store_id, t.sensor_id, format('sensor %s', t.sensor_id) from private.slots t
   where not exists (select from data.sensor_metadata m where m.store_id = t.store_id and m.id = t.sensor_id)
  union all
  select distinct 'data.daily_analytics', d.store_id, d.sensor_id, format('sensor %s', d.sensor_id) from data.daily_analytics d
   where not exists (select from data.sensor_metadata m where m.store_id = d.store_id and m.id = d.sensor_id)
  union all
  select distinct 'data.hourly_analytics', d.store_id, d.sensor_id, format('sensor %s', d.sensor_id) from data.hourly_analytics d
   where not exists (select from data.sensor_metadata m where m.store_id = d.store_id and m.id = d.sensor_id)
  union all
  select distinct 'private.coverage', c.store_id, c.sensor_id, format('sensor %s', c.sensor_id) from private.coverage c
   where not exists (select from data.sensor_metadata m where m.store_id = c.store_id and m.id = c.sensor_id)
  union all
  select 'private.counter_states', c.store_id, c.sensor_id, format('sensor %s', c.sensor_id) from private.counter_states c
   where not exists (select from data.sensor_metadata m where m.store_id = c.store_id and m.id = c.sensor_id)
)
select place as object, format('rows of %s that the store does not have; the first: %s of store %s', count(*), min(what), min(store_id)) as evidence, null::bigint as bytes,
       'Find out who deleted the sensor or wrote past the functions; delete the rows, or bring the sensor back from a backup.' as advice
  from named group by place order by 1
