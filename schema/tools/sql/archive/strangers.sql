-- Series of the archive's rows that have no place here, the first ten: their store or sensor is not known.
select distinct case when t.store_id is null then format('store %s', coalesce(s.public_id, i.store_id::text)) else format('sensor %s', coalesce(m.public_id, i.sensor_id::text)) end as what
  from (select distinct store_id, slot, sensor_id from incoming) as i
  left join arrived_slots t on t.old_store = i.store_id and t.old_slot = i.slot
  left join arrived_stores s on s.old_id = i.store_id
  left join arrived_sensors m on m.old_id = i.sensor_id
 where (t.store_id is null or t.sensor_id is null) and s.erased is not true
 order by 1 limit 10
