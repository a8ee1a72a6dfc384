-- Deploy lintel:sync_counters to pg
-- requires: counter_states
-- requires: raw
-- requires: sync_devices
-- The counters part of a sync request (schema/SYNC.md): totals are taken after the counts and can never refuse one; a new card
-- gets them back together with what HQ holds after them.

begin;
set local role lintel_owner;

create function private.is_counter(value jsonb) returns boolean
language sql immutable
return coalesce(jsonb_typeof(value) = 'array' and jsonb_array_length(value) between 1 and 3
  and private.is_integer(value -> 0) and private.is_integer(coalesce(value -> 1, '0')) and private.is_integer(coalesce(value -> 2, '0'))
  and value::text !~ '-', false);
comment on function private.is_counter(jsonb) is 'Whether a JSON value is one direction''s [total, since, busiest], whole numbers from 0, the last two optional';

create function private.counter_complaint(entry jsonb, sensors jsonb) returns text
language plpgsql stable as $$
begin
  return coalesce(private.naming_complaint(entry, sensors), case
    when not entry ? 'line' then 'needs a line: a region has no totals'
    when private.from_ms(entry -> 'at') is null then 'at must be a whole number of milliseconds'
    when private.from_ms(entry -> 'at') > now() + interval '1 day' then 'at is more than a day ahead'
    when private.from_ms(entry -> 'at') < private.retention_horizon() then 'at lies before the retention horizon'
    when not (entry ? 'in' or entry ? 'out') then 'needs in or out'
    when not private.is_counter(coalesce(entry -> 'in', '[0]')) or not private.is_counter(coalesce(entry -> 'out', '[0]'))
      then 'in and out are [total, since, busiest], whole numbers from 0'
    when not private.is_integer(coalesce(entry -> 'gap', '0')) or entry ->> 'gap' ~ '^-' then 'gap must be a whole number of milliseconds'
    when coalesce(jsonb_typeof(entry -> 'run') <> 'string' or entry ->> 'run' !~ '^[^[:cntrl:]]{0,200}$', false)
      then 'run is a text of at most 200 characters'
    when octet_length(entry::text) > 2000 then 'is larger than 2000 bytes'
  end);
end $$;
comment on function private.counter_complaint(jsonb, jsonb) is 'Why a series'' totals are not taken; null when they are';

create function private.apply_counters(gateway data.gateways, epoch private.epochs, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  max_series constant integer := 1000;
  upto       constant bigint := (body ->> 'to')::bigint;
  entries    jsonb := case when jsonb_typeof(body -> 'counters') = 'array' then body -> 'counters' else '[null]' end;
  sensors    jsonb;
  first_one  text;
  taken      bigint;
begin
  -- Totals contain all readings up to `to`: with a hole among those a new card would take as counted what HQ never got.
  if private.watermark_of(epoch.applied) < upto then
    return jsonb_build_object('taken', 0, 'ignored', jsonb_array_length(entries), 'first', 'counters: HQ does not have every change up to theirs');
  end if;
  -- What was handed over stays as it was: the next card goes on from it.
  if exists (select from private.epochs e where e.gateway_id = gateway.id and e.ordinal > epoch.ordinal) then
    return jsonb_build_object('taken', 0, 'ignored', jsonb_array_length(entries), 'first', 'counters: a newer database of this gateway goes on from them');
  end if;
  sensors := private.resolve_sensors(gateway, jsonb_build_object('sensors', coalesce(body -> 'sensors', '[]'), 'series',
    jsonb_path_query_array(entries, '$[*] ? (@.type() == "object" && exists (@.sensor))')));
  select count(*) filter (where j.complaint is null),
         (array_agg(format('counters[%s]: %s', j.n - 1, j.complaint) order by j.n) filter (where j.complaint is not null))[1]
    into taken, first_one
    from (select n, case when n > max_series then format('a request holds at most %s of them', max_series)
                         else private.counter_complaint(x, sensors) end as complaint
            from jsonb_array_elements(entries) with ordinality as e (x, n)) as j;

  insert into private.counter_states as c (store_id, sensor_id, line, gateway_id, epoch, change_no, total_at, serial, state)
  select distinct on (m.id, x ->> 'line') gateway.store_id, m.id, x ->> 'line', gateway.id, epoch.ordinal, upto,
         private.from_ms(x -> 'at'), m.serial, x - 'sensor' - 'line'
    from jsonb_array_elements(entries) with ordinality as e (x, n)
    join data.sensor_metadata m on m.id = (sensors -> (x ->> 'sensor') ->> 'id')::integer
   where n <= max_series and private.counter_complaint(x, sensors) is null
   order by m.id, x ->> 'line', n desc
  on conflict (store_id, sensor_id, line) do update
    set gateway_id = excluded.gateway_id, epoch = excluded.epoch, change_no = excluded.change_no, total_at = excluded.total_at,
        serial = excluded.serial, state = excluded.state, handed = null
  where c.gateway_id <> excluded.gateway_id
     or (c.epoch, c.change_no, c.total_at) < (excluded.epoch, excluded.change_no, excluded.total_at);
  return jsonb_build_object('taken', taken, 'ignored', jsonb_array_length(entries) - taken)
         || case when first_one is null then '{}' else jsonb_build_object('first', first_one) end;
exception when query_canceled or others then
  -- Whatever went wrong, the counts before it stay, and totals come again.
  raise warning 'totals of gateway % were not taken: % (%)', gateway.public_id, sqlerrm, sqlstate;
  return jsonb_build_object('taken', 0, 'ignored', jsonb_array_length(entries), 'first', 'counters: HQ could not take them: ' || sqlstate);
end $$;
comment on function private.apply_counters(data.gateways, private.epochs, jsonb) is
  'Takes over the totals that a request states, if HQ holds every reading that is in them. Returns how many were taken and ignored, and why the first was.';

-- The series counts on under somebody else: what HQ holds by now is from those before, and nothing that the next one
-- sends belongs to it. So this is the moment to add it up.
create function private.hand_over(store_id integer, its_gateway bigint, its_sensor integer) returns void
language plpgsql volatile as $$
begin
  update private.counter_states c
     set handed = (
       select jsonb_build_object('n', count(*), 'in', coalesce(sum(x.count_in), 0), 'out', coalesce(sum(x.count_out), 0),
                                 'flags', coalesce(bit_or(x.flags), 0),
                                 'end', (extract(epoch from max(x.started_at + x.duration_ms * interval '1 millisecond')) * 1000)::bigint)
              -- Of a backlog the newest came first, and the rest did not come any more.
              || case when exists (select from private.epochs e
                                    where (e.gateway_id = c.gateway_id and e.ordinal >= c.epoch or e.gateway_id <> c.gateway_id and e.gateway_id = m.gateway_id)
                                      and upper(e.applied) - 1 > private.watermark_of(e.applied))
                      then '{"hole": true}'::jsonb else '{}'::jsonb end
         from private.slots t
         join data.people_counting_raw x on x.store_id = t.store_id and x.slot = t.slot
        where t.store_id = c.store_id and t.sensor_id = c.sensor_id and not t.regional and t.label = c.line
          -- A reading of a total starts where the last one was accepted; a passage of that very instant is in it.
          and x.started_at >= c.total_at and (x.started_at > c.total_at or x.duration_ms > 0)
          and x.epoch > 0)  -- imports are nothing that the device's total knows of
    from data.sensor_metadata m
   where c.store_id = hand_over.store_id and m.id = c.sensor_id
     and (its_gateway is null or m.gateway_id = its_gateway) and (its_sensor is null or c.sensor_id = its_sensor);
end $$;
comment on function private.hand_over(integer, bigint, integer) is
  'Adds up what HQ holds of series after their totals: of a gateway''s sensors, or of one sensor';

create function private.hand_over_to_card() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform private.hand_over(g.store_id, g.id, null) from data.gateways g where g.id = new.gateway_id;
  return null;
exception when query_canceled or others then
  -- The new card's readings matter more. A sum of an earlier card would be wrong by now.
  raise warning 'totals of gateway % were not handed over: % (%)', new.gateway_id, sqlerrm, sqlstate;
  update private.counter_states c set handed = null
    from data.sensor_metadata m where m.id = c.sensor_id and m.store_id = c.store_id and m.gateway_id = new.gateway_id;
  return null;
end $$;
comment on function private.hand_over_to_card() is 'Trigger: with a new epoch, the totals of the gateway''s sensors wait for the new card';

create function private.hand_over_to_gateway() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- What the gateway before has under way is applied first, and its next request finds the sensor gone.
  perform from data.gateways g where g.id = old.gateway_id for no key update;
  perform private.hand_over(new.store_id, null, new.id);
  return null;
end $$;
comment on function private.hand_over_to_gateway() is 'Trigger: with its lease, a sensor''s totals pass to the other gateway';

create trigger epochs_hand_over after insert on private.epochs for each row execute function private.hand_over_to_card();
create trigger sensor_metadata_hand_over after update of gateway_id on data.sensor_metadata for each row
  when (old.gateway_id <> new.gateway_id) execute function private.hand_over_to_gateway();

create function private.counters_for(gateway data.gateways) returns jsonb
language plpgsql stable as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('sensor', m.public_id, 'serial', m.serial, 'line', c.line, 'state', c.state,
                                                       'after', c.handed) order by m.id, c.line), '[]')
            from private.counter_states c
            join data.sensor_metadata m on m.id = c.sensor_id
           where c.store_id = gateway.store_id and m.gateway_id = gateway.id and m.deleted_at is null
             and c.handed is not null and c.serial = m.serial and c.total_at >= private.retention_horizon());
exception when query_canceled or others then
  raise warning 'totals were not handed to gateway %: % (%)', gateway.public_id, sqlerrm, sqlstate;
  return null;
end $$;
comment on function private.counters_for(data.gateways) is
  'The totals that others told of the gateway''s sensors, for it to go on from; null if that failed, and it asks again';

create function private.sync_counters(gateway data.gateways, epoch private.epochs, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  answer  jsonb := case when body ? 'counters' then private.apply_counters(gateway, epoch, body) else '{}' end;
  carried jsonb := case when body -> 'want' ? 'counters' then private.counters_for(gateway) end;
begin
  return jsonb_build_object('counters', answer || case when carried is null then '{}' else jsonb_build_object('carried', carried) end);
end $$;
comment on function private.sync_counters(data.gateways, private.epochs, jsonb) is
  'What a request says of its totals is taken, and the totals that it asks for are answered';

revoke all on function private.is_counter(jsonb), private.counter_complaint(jsonb, jsonb),
  private.apply_counters(data.gateways, private.epochs, jsonb), private.hand_over(integer, bigint, integer), private.hand_over_to_card(),
  private.hand_over_to_gateway(), private.counters_for(data.gateways),
  private.sync_counters(data.gateways, private.epochs, jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
