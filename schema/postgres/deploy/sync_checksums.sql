-- Deploy lintel:sync_checksums to pg
-- requires: raw
-- requires: sync_state
-- requires: sync_devices
-- The checksums part of a sync request (schema/SYNC.md): whether both ends hold the same readings of a day. It comes after
-- the counts and can never refuse one.

begin;
set local role lintel_owner;

-- The same at the gateway (gateway/sync/checksums.cpp). Sums of it stay exact in 53 bits for four million readings.
create function private.reading_checksum(ms bigint, duration_ms bigint, a integer, b integer, seq integer, flags integer) returns bigint
language sql immutable
return ((ms % 86400000 + 1)
        * (1 + (coalesce(a, -1)::bigint + 1) % 1000003 * 31 + (coalesce(b, -1)::bigint + 1) % 1000003 * 1009
           + duration_ms % 1000003 * 17 + seq * 7919::bigint + flags * 104729::bigint)) % 2147483629;
comment on function private.reading_checksum(bigint, bigint, integer, integer, integer, integer) is
  'A reading''s part of its day''s checksum: start, length, two counts (or an occupancy and null), seq and flags';

create function private.day_checksums(gateway data.gateways, epoch smallint, day timestamptz)
returns table (sensor uuid, regional boolean, label text, n bigint, h bigint)
language sql stable
begin atomic
  select s.public_id, t.regional, t.label, count(*), sum(r.h)::bigint
    from data.sensor_metadata s
    join private.slots t on t.store_id = s.store_id and t.sensor_id = s.id
   cross join lateral (
     select private.reading_checksum((extract(epoch from p.started_at) * 1000)::bigint, p.duration_ms, p.count_in, p.count_out, p.seq, p.flags) as h
       from data.people_counting_raw p
      where not t.regional and p.store_id = t.store_id and p.slot = t.slot
        and p.started_at >= day_checksums.day and p.started_at < day_checksums.day + interval '24 hours' and p.epoch = day_checksums.epoch
     union all
     select private.reading_checksum((extract(epoch from p.started_at) * 1000)::bigint, p.duration_ms, p.occupancy, null, p.seq, p.flags)
       from data.regional_counting_raw p
      where t.regional and p.store_id = t.store_id and p.slot = t.slot
        and p.started_at >= day_checksums.day and p.started_at < day_checksums.day + interval '24 hours' and p.epoch = day_checksums.epoch) as r
   where s.store_id = (gateway).store_id and s.gateway_id = (gateway).id
   group by 1, 2, 3;
end;
comment on function private.day_checksums(data.gateways, smallint, timestamptz) is
  'What HQ holds of a UTC day from one database file of a gateway, series by series';

create function private.checksums_complaint(entry jsonb) returns text
language sql stable
return case
  when jsonb_typeof(entry) <> 'object' or not private.is_integer(entry -> 't') or (entry ->> 't')::bigint % 86400000 <> 0
    or jsonb_typeof(entry -> 'series') is distinct from 'array' or jsonb_array_length(entry -> 'series') > 1000
    or exists (select from jsonb_array_elements(entry -> 'series') as s
                where jsonb_typeof(s) <> 'object' or not private.is_uuid(s ->> 'sensor') or (s ? 'line') = (s ? 'region')
                   or not private.is_integer(s -> 'n') or not private.is_integer(s -> 'h')) then 'malformed'
  when to_timestamp((entry ->> 't')::bigint / 1000) < private.retention_horizon() then 'too_old'
end;
comment on function private.checksums_complaint(jsonb) is 'Why a day is not compared; null when it is';

create function private.compare_checksums(gateway data.gateways, epoch smallint, checksums jsonb) returns jsonb
language plpgsql stable as $$
declare
  most      constant integer := 31;
  day       jsonb;
  complaint text;
  differs   jsonb;
  answer    jsonb := '[]';
begin
  for day in select x from jsonb_array_elements(case when jsonb_typeof(checksums) = 'array' then checksums end) with ordinality as e (x, n)
              where n <= most order by n loop
    complaint := private.checksums_complaint(day);
    if complaint is null then
      select jsonb_agg(jsonb_build_object('sensor', coalesce(theirs.sensor, ours.sensor),
                         case when coalesce(theirs.regional, ours.regional) then 'region' else 'line' end, coalesce(theirs.label, ours.label),
                         'n', coalesce(ours.n, 0), 'h', coalesce(ours.h, 0)))
        into differs
        from (select (s ->> 'sensor')::uuid as sensor, s ? 'region' as regional, coalesce(s ->> 'line', s ->> 'region') as label,
                     (s ->> 'n')::bigint as n, (s ->> 'h')::bigint as h
                from jsonb_array_elements(day -> 'series') as s
               -- A sensor that another gateway owns by now is not compared: sent again, its readings would only be refused.
               where (s ->> 'sensor')::uuid in (select m.public_id from data.sensor_metadata m where m.gateway_id = (gateway).id)) as theirs
        full join private.day_checksums(gateway, compare_checksums.epoch, to_timestamp((day ->> 't')::bigint / 1000)) as ours
          on ours.sensor = theirs.sensor and ours.regional = theirs.regional and ours.label = theirs.label
       where (coalesce(theirs.n, 0), coalesce(theirs.h, 0)) <> (coalesce(ours.n, 0), coalesce(ours.h, 0));
    end if;
    answer := answer || (jsonb_build_object('t', day -> 't') || case
      when complaint is not null then jsonb_build_object('code', complaint)
      when differs is null then '{"equal": true}'
      else jsonb_build_object('differs', differs) end);
  end loop;
  return answer;
exception when query_canceled or others then
  raise warning 'checksums of gateway % could not be compared: %', (gateway).id, sqlerrm;
  return '[]';
end $$;
comment on function private.compare_checksums(data.gateways, smallint, jsonb) is
  'For each day of the request whether HQ holds the same, and if not, which series differ and what HQ has of them. A day that is not in the answer was not compared.';

revoke all on function private.reading_checksum(bigint, bigint, integer, integer, integer, integer),
  private.day_checksums(data.gateways, smallint, timestamptz), private.checksums_complaint(jsonb),
  private.compare_checksums(data.gateways, smallint, jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
