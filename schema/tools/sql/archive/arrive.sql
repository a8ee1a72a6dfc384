-- What the ids of an archive are in this database: temporary tables of this transaction, from the archive's first line
-- (names_said) and its tenant (tenant_said). Slots that are missing are handed out, as a gateway's first reading of a
-- series does. erased: a store that is not known since it was forgotten, of which nothing comes back.
create temporary table arrived_stores on commit drop as
  select (n ->> 0)::integer as old_id, s.id as new_id, n ->> 1 as public_id,
         exists (select from private.erasures e where e.store_id is not null and e.public_id = (n ->> 1)::uuid) as erased
    from names_said, jsonb_array_elements(names -> 'stores') as n
    left join (select s.id, s.public_id from data.stores s, tenant_said t where s.organization_id = t.id) as s on s.public_id = (n ->> 1)::uuid;
create temporary table arrived_sensors on commit drop as
  select (n ->> 0)::integer as old_id, m.id as new_id, m.store_id as new_store, (n ->> 1)::integer as old_store, n ->> 2 as public_id
    from names_said, jsonb_array_elements(names -> 'sensors') as n
    left join (select m.id, m.store_id, m.public_id from data.sensor_metadata m, tenant_said t where m.organization_id = t.id) as m on m.public_id = (n ->> 2)::uuid;
create temporary table arrived_slots on commit drop as
  select (n ->> 0)::integer as old_store, (n ->> 1)::smallint as old_slot, s.new_id as store_id, null::smallint as slot, m.new_id as sensor_id,
         (n ->> 3)::boolean as regional, n ->> 4 as label, (n ->> 5)::smallint as seq
    from names_said, jsonb_array_elements(names -> 'slots') as n
    left join arrived_stores s on s.old_id = (n ->> 0)::integer
    left join arrived_sensors m on m.old_id = (n ->> 2)::integer;
analyze arrived_stores, arrived_sensors, arrived_slots;
