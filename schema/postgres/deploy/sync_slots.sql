-- Deploy lintel:sync_slots to pg
-- requires: sync_parse
-- requires: slots
-- Slots for readings that have none yet. Most do: private.parse_series finds those of known series with seq 0.

begin;
set local role lintel_owner;

create function private.with_slots(store_id integer, readings private.reading[]) returns private.reading[]
language plpgsql volatile as $$
declare
  taken integer;
begin
  -- Two gateways of one store may meet new series at the same time.
  perform pg_advisory_xact_lock(hashtext('lintel.slots'), store_id);
  select coalesce(max(t.slot), 0) into taken from private.slots t where t.store_id = with_slots.store_id;
  insert into private.slots (store_id, slot, sensor_id, regional, label, seq)
  select with_slots.store_id, taken + row_number() over (order by w.sensor_id, w.regional, w.label, w.seq),
         w.sensor_id, w.regional, w.label, w.seq
    from (select distinct r.sensor_id, r.regional, r.label, r.seq from unnest(readings) as r where r.slot is null
          except
          select t.sensor_id, t.regional, t.label, t.seq from private.slots t where t.store_id = with_slots.store_id) as w
   order by w.sensor_id, w.regional, w.label, w.seq
   limit 32767 - taken;
  return (
  select array_agg(row(r.s, r.k, r.regional, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in,
                       r.count_out, r.occupancy, r.flags, r.revision, t.slot)::private.reading order by r.s, r.k)
    from unnest(readings) as r
    left join private.slots t
      on t.store_id = with_slots.store_id and t.sensor_id = r.sensor_id and t.regional = r.regional
     and t.label = r.label and t.seq = r.seq);
end $$;
comment on function private.with_slots(integer, private.reading[]) is
  'Readings with their slots, new ones handed out as needed; without slot remains what the store has no number left for';
revoke all on function private.with_slots(integer, private.reading[]) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
