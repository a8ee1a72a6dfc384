-- Deploy lintel:sync_moves to pg
-- requires: sync_slots
-- requires: sync_state
-- requires: rollups
-- Readings that got another key: what was at the old one goes, and nothing older comes back to it.

begin;
set local role lintel_owner;

create function private.apply_moves(store data.stores, epoch smallint, all_series jsonb, readings private.reading[])
returns private.bucket[]
language plpgsql volatile as $$
declare
  touched private.bucket[];
begin
  -- A move's order is that of the reading that moved. The guard stays even if the old row never arrived: whatever
  -- is older and late finds it. A guard that was there already has done its work, so only new ones remove rows.
  with guards as (
    insert into private.moved_keys as g
      (store_id, sensor_id, started_at, regional, label, seq, epoch, revision)
    select distinct on (r.sensor_id, old_at, r.regional, r.label, old_seq)
           store.id, r.sensor_id, old_at, r.regional, r.label, old_seq, apply_moves.epoch, r.revision
      from jsonb_array_elements(all_series) with ordinality as e (series, n)
     cross join lateral (
       select (m ->> 'k')::integer as k, coalesce((m ->> 'seq')::smallint, 0::smallint) as old_seq,
              to_timestamp((m ->> 't')::double precision / 1000) as old_at
         from jsonb_array_elements(e.series -> 'moved') as m) as m
      join unnest(readings) as r on r.s = e.n - 1 and r.k = m.k
     where e.series ? 'moved' and (old_at, old_seq) <> (r.started_at, r.seq)
     order by r.sensor_id, old_at, r.regional, r.label, old_seq, r.revision desc
    on conflict on constraint moved_keys_pkey do update set epoch = excluded.epoch, revision = excluded.revision
     where (g.epoch, g.revision) < (excluded.epoch, excluded.revision)
    returning *
  ), left_keys as materialized (
    select t.slot, g.started_at, g.epoch, g.revision
      from guards g
      join private.slots t
        on t.store_id = g.store_id and t.sensor_id = g.sensor_id and t.regional = g.regional
       and t.label = g.label and t.seq = g.seq
  ), people as (
    delete from data.people_counting_raw x using left_keys k
     where x.store_id = store.id and x.slot = k.slot and x.started_at = k.started_at
       and (x.epoch, x.revision) < (k.epoch, k.revision)
    returning x.sensor_id, x.line, '' as region, x.started_at, x.duration_ms
  ), regional as (
    delete from data.regional_counting_raw x using left_keys k
     where x.store_id = store.id and x.slot = k.slot and x.started_at = k.started_at
       and (x.epoch, x.revision) < (k.epoch, k.revision)
    returning x.sensor_id, '' as line, x.region, x.started_at, x.duration_ms
  )
  select array_agg(private.bucket_of(store, d.sensor_id, d.line, d.region, d.started_at, d.duration_ms)) into touched
    from (select * from people union all select * from regional) as d;
  return touched;
end $$;
comment on function private.apply_moves(data.stores, smallint, jsonb, private.reading[]) is
  'Guards the keys that readings moved away from and removes the rows there. Returns the buckets these were in.';

create function private.without_guarded(store_id integer, epoch smallint, readings private.reading[])
returns private.reading[]
language plpgsql stable as $$
begin
  return (
  select array_agg(r order by r.s, r.k)
    from unnest(readings) as r
   where not exists (
     select from private.moved_keys g
      where g.store_id = without_guarded.store_id and g.sensor_id = r.sensor_id and g.started_at = r.started_at
        and g.regional = r.regional and g.label = r.label and g.seq = r.seq
        and (g.epoch, g.revision) > (without_guarded.epoch, r.revision)));
end $$;
comment on function private.without_guarded(integer, smallint, private.reading[]) is
  'Readings but for those whose key a move of a later order has left';

notify pgrst, 'reload schema';
commit;
