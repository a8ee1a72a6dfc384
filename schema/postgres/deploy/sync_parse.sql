-- Deploy lintel:sync_parse to pg
-- requires: sync_envelope
-- requires: partitions
-- requires: slots
-- From the columns of a request's series to readings, each either valid or rejected by name.

begin;
set local role lintel_owner;

-- Raised by whatever lets HQ take readings that it refused before: gateways then send once more what they have set aside.
create function private.schema_version() returns integer
language sql immutable
return 1;
comment on function private.schema_version() is 'Version of the rules by which readings are rejected';
revoke all on function private.schema_version() from public, anon, authenticated, lintel_gateway, lintel_hq;

create type private.reading as
  (s integer, k integer, regional boolean, sensor_id integer, label text, started_at timestamptz, seq smallint,
   duration_ms bigint, count_in integer, count_out integer, occupancy integer, flags smallint, revision smallint,
   slot smallint);
comment on type private.reading is 'A valid reading of a request: position (series, place), key, content; slot is null while not known';

-- A value that is no number becomes the least bigint, which no range check lets through.
create function private.parse_list(list text) returns bigint[]
language plpgsql immutable strict as $$
begin
  if list = '' then
    return array[null::bigint];
  end if;
  -- The quick look passes what is surely well formed; only what it doubts is taken apart.
  if translate(list, '0123456789,', '') = '' and list !~ '[0-9]{16}' then
    return string_to_array(list, ',', '')::bigint[];
  elsif starts_with(list, ':') then
    return array(select case when digit ~ '[0-9]' then digit::bigint else -9223372036854775808 end
                   from unnest(string_to_array(substr(list, 2), null)) with ordinality as e (digit, n)
                  order by n);
  end if;
  return array(
    select case when value = '' then null
                when value ~ '^-?[0-9]{1,15}$' then value::bigint
                else -9223372036854775808 end
      from unnest(string_to_array(list, ',')) with ordinality as e (value, n)
     order by n);
end $$;
comment on function private.parse_list(text) is 'Numbers of a list: comma separated, nothing between two commas is null; or after a colon a digit each. Nonsense is the least bigint';

create function private.reject_message(code text) returns text
language sql immutable
return case code
  when 'unknown_sensor' then 'HQ does not know this sensor; declare it in sensors'
  when 'foreign_sensor' then 'the sensor belongs to another store'
  when 'not_owner' then 'another gateway owns the sensor'
  when 'future' then 'starts or ends more than a day ahead of HQ''s clock'
  when 'too_old' then 'starts before HQ''s retention horizon'
  when 'negative' then 'a count or the duration is negative'
  when 'bad_value' then 'a value is no number or out of range'
  when 'too_long' then 'lasts longer than 400 days'
  when 'outranked' then 'a gateway has counted at this time; an import neither replaces nor doubles it'
  when 'too_many_series' then 'the store has as many lines, regions and seqs as HQ can number (32767)'
  when 'conflict' then 'HQ has other content for this reading at the same revision'
end;
comment on function private.reject_message(text) is 'What a rejected reading''s code means';

create function private.naming_complaint(entry jsonb, sensors jsonb) returns text
language plpgsql stable as $$
begin
  return case
    when jsonb_typeof(entry) <> 'object' then 'is not an object'
    when coalesce(jsonb_typeof(entry -> 'sensor') not in ('number', 'string'), true) then 'sensor must be a number or a uuid'
    when (entry ? 'line') = (entry ? 'region') then 'needs exactly one of line and region'
    when jsonb_typeof(coalesce(entry -> 'line', entry -> 'region')) <> 'string'
      or coalesce(entry ->> 'line', entry ->> 'region') !~ '^[^[:cntrl:]]{0,64}$' then 'line and region are texts of at most 64 characters'
    when sensors -> (entry ->> 'sensor') ->> 'id' is null then 'its sensor is not known here'
    else private.reject_message(sensors -> (entry ->> 'sensor') ->> 'code')
  end;
end $$;
comment on function private.naming_complaint(jsonb, jsonb) is 'Why an entry of a request names no series of the gateway''s; null when it does';

create function private.rejection(s integer, k integer, code text) returns jsonb
language sql immutable
return jsonb_build_object('s', s, 'k', k, 'code', code, 'message', private.reject_message(code));
comment on function private.rejection(integer, integer, text) is 'An entry of the answer''s rejected';

-- One reading with plain numbers, as live traffic brings it: once it is known to be plain, only its time and its sensor
-- can be wrong with it.
create function private.parse_plain(series jsonb, sensor jsonb, store_id integer, future_ms bigint, horizon_ms bigint,
                                    out readings private.reading[], out rejected jsonb)
language plpgsql stable as $$
declare
  at   constant bigint := series ->> 't';
  dur  constant bigint := coalesce(series ->> 'dur', '0');
  its  constant integer := sensor ->> 'id';
  name constant text := series ->> 'line';
  code constant text := coalesce(sensor ->> 'code', case when at + dur > future_ms then 'future' when at < horizon_ms then 'too_old' end);
  slot smallint;
begin
  if code is not null then
    rejected := jsonb_build_array(private.rejection(0, 0, code));
    return;
  end if;
  select t.slot into slot from private.slots t
   where t.store_id = parse_plain.store_id and t.sensor_id = its and not t.regional and t.label = name and t.seq = 0;
  readings := array[row(0, 0, false, its, name, to_timestamp(at / 1000.0::double precision), 0, dur, series ->> 'in', series ->> 'out',
                        null, 0, 1, slot)::private.reading];
  rejected := '[]';
end $$;
comment on function private.parse_plain(jsonb, jsonb, integer, bigint, bigint) is
  'What private.parse_series does, for the only series of a request, if private.is_plain';
revoke all on function private.parse_plain(jsonb, jsonb, integer, bigint, bigint) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.store_horizon(store_id integer) returns timestamptz
language plpgsql stable as $$
begin
  return private.retention_horizon((select t.organization_id from data.stores t where t.id = store_horizon.store_id));
end $$;
comment on function private.store_horizon(integer) is 'private.retention_horizon of a store''s tenant';
revoke all on function private.store_horizon(integer) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.parse_series(all_series jsonb, sensors jsonb, store_id integer default null, horizon timestamptz default null,
                                     out readings private.reading[], out rejected jsonb)
language plpgsql stable as $$
declare
  future_ms  bigint := (extract(epoch from now()) + 86400) * 1000;
  horizon_ms bigint := extract(epoch from coalesce(horizon, private.store_horizon(store_id))) * 1000;
  plain      record;
begin
  if jsonb_array_length(all_series) = 1 and private.is_plain(all_series -> 0) then
    plain := private.parse_plain(all_series -> 0, sensors -> (all_series -> 0 ->> 'sensor'), store_id, future_ms, horizon_ms);
    readings := plain.readings;
    rejected := plain.rejected;
    return;
  end if;
  -- Scalars and arrays only from the first step on: carrying the document along is slow.
  with named as materialized (
    select (n - 1)::integer as s,
           (sensors -> (x ->> 'sensor') ->> 'id')::integer as sensor_id,
           coalesce(sensors -> (x ->> 'sensor') ->> 'code',
                    case when coalesce(x ->> 'line', x ->> 'region') !~ '^[^[:cntrl:]]{0,64}$' then 'bad_value' end) as code,
           x ? 'region' as regional, coalesce(x ->> 'line', x ->> 'region') as label,
           (x ->> 't')::bigint as t, coalesce((x ->> 'step')::bigint, 0) as step, coalesce((x ->> 'dur')::bigint, 0) as dur,
           x ? 'd' as listed, private.series_length(x) as length,
           private.parse_list(x ->> 'd') as d, private.parse_list(x ->> 'durs') as durs,
           private.parse_list(x ->> 'in') as ins, private.parse_list(x ->> 'out') as outs,
           private.parse_list(x ->> 'occ') as occs, private.parse_list(x ->> 'seq') as seqs,
           private.parse_list(x ->> 'rev') as revs, private.parse_list(x ->> 'flags') as flags
      from jsonb_array_elements(all_series) with ordinality as e (x, n)
  ), series as (
    select n.*, t.slot
      from named n
      left join private.slots t
        on t.store_id = parse_series.store_id and t.sensor_id = n.sensor_id and t.regional = n.regional
       and t.label = n.label and t.seq = 0
  ), expanded as (
    select s.s, (e.n - 1)::integer as k, s.regional, s.sensor_id, s.label, s.code, s.slot,
           s.t + case when s.listed then e.d else (e.n - 1) * s.step end as at,
           coalesce(e.dur, s.dur) as dur, e.i, e.o, e.occ,
           coalesce(e.seq, 0) as seq, coalesce(e.rev, 1) as rev, coalesce(e.flags, 0) as flags,
           s.listed and e.d = -9223372036854775808 as bad_start
      from series s
     cross join lateral unnest(case when s.listed then s.d else array_fill(0::bigint, array[s.length]) end,
                               s.durs, s.ins, s.outs, s.occs, s.seqs, s.revs, s.flags)
           with ordinality as e (d, dur, i, o, occ, seq, rev, flags, n)
  ), judged as (
    select r.*, coalesce(r.code, case
             when r.at is null or r.bad_start or r.at not between -99999999999999 and 99999999999999
               or r.i not between -2147483647 and 2147483647 or r.o not between -2147483647 and 2147483647
               or r.occ not between -2147483647 and 2147483647 or r.dur not between -999999999999999 and 999999999999999
               or r.seq not between 0 and 32767 or r.rev not between 1 and 32767 or r.flags not between 0 and 32767
               then 'bad_value'
             when r.i < 0 or r.o < 0 or r.occ < 0 or r.dur < 0 then 'negative'
             when r.dur > 34560000000 then 'too_long'
             when r.at + r.dur > future_ms then 'future'
             when r.at < horizon_ms then 'too_old'
           end) as verdict
      from expanded r
  )
  select array_agg(row(j.s, j.k, j.regional, j.sensor_id, j.label, to_timestamp(j.at / 1000.0::double precision),
                       j.seq, j.dur, j.i, j.o, j.occ, j.flags, j.rev,
                       case when j.seq = 0 then j.slot end)::private.reading)
           filter (where j.verdict is null),
         jsonb_agg(private.rejection(j.s, j.k, j.verdict)) filter (where j.verdict is not null)
    into readings, rejected
    from judged j;
  rejected := coalesce(rejected, '[]');
end $$;
comment on function private.parse_series(jsonb, jsonb, integer, timestamptz) is
  'Readings of a request''s series. sensors maps each sensor named in the request to {id, code}; what starts before the horizon (null: that of the store''s tenant) is too old.';

notify pgrst, 'reload schema';
commit;
