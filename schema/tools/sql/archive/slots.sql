-- Numbers for the series of the rows that came: those the store has, and new ones.
select pg_advisory_xact_lock(hashtext('lintel.slots'), s.store_id) from (select distinct store_id from arrived_slots where store_id is not null order by store_id) as s;
insert into private.slots (store_id, slot, sensor_id, regional, label, seq)
select w.store_id, coalesce((select max(t.slot) from private.slots t where t.store_id = w.store_id), 0)
                   + row_number() over (partition by w.store_id order by w.sensor_id, w.regional, w.label, w.seq), w.sensor_id, w.regional, w.label, w.seq
  from (select distinct a.store_id, a.sensor_id, a.regional, a.label, a.seq
          from arrived_slots a
          join (select distinct store_id, slot from incoming) as i on i.store_id = a.old_store and i.slot = a.old_slot
         where a.store_id is not null
           and not exists (select from private.slots t where t.store_id = a.store_id and t.sensor_id = a.sensor_id and t.regional = a.regional and t.label = a.label and t.seq = a.seq)) as w;
update arrived_slots a set slot = t.slot from private.slots t
 where t.store_id = a.store_id and t.sensor_id = a.sensor_id and t.regional = a.regional and t.label = a.label and t.seq = a.seq
