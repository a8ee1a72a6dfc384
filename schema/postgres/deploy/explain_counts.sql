-- Deploy lintel:explain_counts to pg
-- requires: activity
-- requires: coverage
-- requires: given_up
-- requires: sync_state
-- Where a figure comes from, from what HQ keeps: what `lintel explain` says at the store, without the messages.

begin;
set local role lintel_owner;

create function private.flag_words(flags integer) returns text[]
language sql immutable
return array(select f.word
               from unnest(array[1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
                           array['arrival_time', 'recovered', 'after_reset', 'wrapped', 'estimated', 'discarded', 'corrected',
                                 'time_bounded', 'time_unconfirmed', 'start_unconfirmed']) as f (bit, word)
              where flags & f.bit <> 0);
comment on function private.flag_words(integer) is 'Flags of a reading as words; a bit that nobody has named yet is left out';

create function private.explained_sums(place integer, sensor integer, from_at timestamptz, to_at timestamptz, only_line text) returns jsonb
language sql stable
return (
  select coalesce(jsonb_agg(to_jsonb(s) order by s.line), '[]')
    from (select r.line,
                 coalesce(sum(r.count_in) filter (where r.flags & 48 = 0), 0) as "in",
                 coalesce(sum(r.count_out) filter (where r.flags & 48 = 0), 0) as "out",
                 coalesce(sum(r.count_in) filter (where r.flags & 48 = 0 and r.duration_ms > 3600000), 0) as over_gaps_in,
                 coalesce(sum(r.count_out) filter (where r.flags & 48 = 0 and r.duration_ms > 3600000), 0) as over_gaps_out,
                 coalesce(sum(r.count_in) filter (where r.flags & 48 = 16), 0) as estimated_in,
                 coalesce(sum(r.count_out) filter (where r.flags & 48 = 16), 0) as estimated_out,
                 coalesce(sum(r.count_in) filter (where r.flags & 32 <> 0), 0) as discarded_in,
                 coalesce(sum(r.count_out) filter (where r.flags & 32 <> 0), 0) as discarded_out,
                 count(*) as readings
            from private.slots t
            join data.people_counting_raw r
              on r.store_id = t.store_id and r.slot = t.slot and r.started_at >= from_at and r.started_at < to_at
           where t.store_id = place and t.sensor_id = sensor and not t.regional and (only_line is null or t.label = only_line)
           group by r.line) as s);
comment on function private.explained_sums(integer, integer, timestamptz, timestamptz, text) is 'What the readings of a sensor add up to, line by line';

create function private.explained_readings(place integer, sensor integer, from_at timestamptz, to_at timestamptz, only_line text, most integer)
returns jsonb
language sql stable
return (
  select coalesce(jsonb_agg(to_jsonb(s) order by s."from", s.line), '[]')
    from (select r.line, r.started_at as "from", r.started_at + make_interval(secs => r.duration_ms / 1000.0) as "to",
                 r.count_in as "in", r.count_out as "out", private.flag_words(r.flags) as flags, r.epoch as card, r.revision,
                 r.received_at
            from private.slots t
            join data.people_counting_raw r
              on r.store_id = t.store_id and r.slot = t.slot and r.started_at >= from_at and r.started_at < to_at
           where t.store_id = place and t.sensor_id = sensor and not t.regional and (only_line is null or t.label = only_line)
           order by r.started_at, r.line, r.seq
           limit most) as s);
comment on function private.explained_readings(integer, integer, timestamptz, timestamptz, text, integer) is 'The readings themselves, as they stand now';

create function private.explained_surroundings(place integer, sensor data.sensor_metadata, from_at timestamptz, to_at timestamptz, only_line text)
returns jsonb
language sql stable
return jsonb_build_object(
  'moved', (
    select coalesce(jsonb_agg(jsonb_build_object('line', g.label, 'was_at', g.started_at, 'card', g.epoch, 'revision', g.revision) order by g.started_at), '[]')
      from (select * from private.moved_keys k
             where k.store_id = place and k.sensor_id = (sensor).id and not k.regional and (only_line is null or k.label = only_line)
               and k.started_at >= from_at and k.started_at < to_at
             order by k.started_at limit 200) as g),
  'coverage', (
    select coalesce(jsonb_agg(jsonb_build_object('line', c.label, 'from', greatest(c.from_at, explained_surroundings.from_at), 'to', least(c.to_at, explained_surroundings.to_at), 'state', c.state)
                              order by c.label, c.from_at), '[]')
      from private.coverage c
     where c.store_id = place and c.sensor_id = (sensor).id and not c.regional and (only_line is null or c.label = only_line)
       and c.from_at < explained_surroundings.to_at
       and c.to_at > explained_surroundings.from_at),
  -- What the gateway had to remove before it was here. By day, so what is told may reach beyond what was asked.
  'given_up', (
    select coalesce(jsonb_agg(jsonb_build_object('line', u.label, 'day', u.day, 'readings', u.readings, 'in', u.count_in, 'out', u.count_out,
                                                 'card', u.epoch) order by u.label, u.day), '[]')
      from private.given_up u
     where u.store_id = place and u.sensor_id = (sensor).id and not u.regional and (only_line is null or u.label = only_line)
       and u.day between explained_surroundings.from_at::date - 1 and explained_surroundings.to_at::date + 1),
  -- How it was mounted and read: what was changed until then, the newest first.
  'configuration', (
    select coalesce(jsonb_agg(jsonb_build_object('at', l.at, 'action', l.action, 'old', l.old_values, 'new', l.new_values) order by l.at desc), '[]')
      from (select * from data.audit_log a
             where a.organization_id = (sensor).organization_id and a.table_name = 'sensor_metadata'
               and a.row_id = (sensor).public_id::text and a.at < to_at
             order by a.at desc limit 20) as l),
  'cards', (
    select coalesce(jsonb_agg(jsonb_build_object('card', e.ordinal, 'gateway', g.name, 'since', e.first_seen_at) order by e.first_seen_at), '[]')
      from data.gateways g join private.epochs e on e.gateway_id = g.id
     where g.id = (sensor).gateway_id),
  'acceptances', (
    select coalesce(jsonb_agg(jsonb_build_object('at', c.at, 'line', c.line, 'verdict', c.verdict, 'signed_by', c.signed_by, 'note', c.note) order by c.at), '[]')
      from (select * from private.acceptances x where x.store_id = place and x.sensor_id = (sensor).id and x.at < to_at
             order by x.at desc limit 20) as c),
  'annotations', (
    select coalesce(jsonb_agg(jsonb_build_object('at', n.created_at, 'day', n.day, 'note', n.note) order by n.created_at), '[]')
      from private.annotations n
     where n.store_id = place and coalesce(n.sensor_id, (sensor).id) = (sensor).id and n.deleted_at is null
       and (n.day is null or n.day between (from_at - interval '1 day')::date and (to_at + interval '1 day')::date)));
comment on function private.explained_surroundings(integer, data.sensor_metadata, timestamptz, timestamptz, text) is
  'What bears on the readings of a sensor: moves, coverage, configuration, cards, walk tests, annotations';

create function api.explain_counts(sensor uuid, "from" timestamptz, "to" timestamptz, line text default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
#variable_conflict use_column
declare
  most   constant integer := 1000;
  about  data.sensor_metadata;
  place  data.stores;
  listed jsonb;
  sums   jsonb;
begin
  select s.* into about from data.sensor_metadata s
   where s.public_id = explain_counts.sensor and array[s.store_id] <@ private.readable_store_ids();
  if about.id is null then
    raise sqlstate 'PT404' using message = format('there is no sensor %s that you may see', explain_counts.sensor);
  elsif "from" is null or "to" is null or not isfinite("from") or not isfinite("to") or "to" <= "from" then
    raise invalid_parameter_value using message = 'from and to must be instants, and to after from',
      hint = 'For example "from": "2026-11-21T09:00:00+01:00", "to": "2026-11-21T10:00:00+01:00".';
  elsif "to" - "from" > interval '31 days' then
    raise invalid_parameter_value using message = format('from %s to %s are more than 31 days', "from", "to"),
      hint = 'Ask for the day, or the hours, that are disputed.';
  end if;
  select * into place from data.stores t where t.id = about.store_id;
  sums := private.explained_sums(place.id, about.id, "from", "to", explain_counts.line);
  listed := private.explained_readings(place.id, about.id, "from", "to", explain_counts.line, most);
  return jsonb_build_object(
      'sensor', jsonb_build_object('id', about.public_id, 'serial', about.serial, 'name', about.name, 'model', about.model),
      'store', jsonb_build_object('id', place.public_id, 'name', place.name, 'timezone', place.timezone),
      'from', "from", 'to', "to", 'sums', sums, 'readings', listed,
      'more_readings', (select coalesce(sum((x ->> 'readings')::bigint), 0) from jsonb_array_elements(sums) as x) - jsonb_array_length(listed))
    || private.explained_surroundings(place.id, about, "from", "to", explain_counts.line);
end $$;
comment on function api.explain_counts(uuid, timestamptz, timestamptz, text) is
  'What stands behind the counts of a sensor, of the readings that begin in a time of at most 31 days: their sums (measured, of these over gaps; estimated; discarded), '
  'the first 1000 readings with flags in words, revision and the card (database file of the gateway; 0: an import) they came from, what moved away, coverage, the '
  'configuration in force, walk tests and annotations. The messages behind them are at the store: lintel explain.';

revoke all on function private.flag_words(integer), private.explained_sums(integer, integer, timestamptz, timestamptz, text),
  private.explained_readings(integer, integer, timestamptz, timestamptz, text, integer),
  private.explained_surroundings(integer, data.sensor_metadata, timestamptz, timestamptz, text),
  api.explain_counts(uuid, timestamptz, timestamptz, text) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.explain_counts(uuid, timestamptz, timestamptz, text) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
