-- Deploy lintel:sync_envelope to pg
-- requires: schemas
-- What a request must look like as a whole (schema/SYNC.md). Single values are judged later, reading by reading.

begin;
set local role lintel_owner;

create function private.is_integer(value jsonb) returns boolean
language sql immutable
return coalesce(jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^-?[0-9]{1,15}$', false);
comment on function private.is_integer(jsonb) is 'Whether a JSON value is a whole number of at most 15 digits';

create function private.is_uuid(value text) returns boolean
language sql immutable
return coalesce(value ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', false);
comment on function private.is_uuid(text) is 'Whether a text is a uuid as it crosses the wire';

-- A newer version of the contract only adds: what changes the meaning of a key gets a new function.
create function private.contract_lowest() returns bigint
language sql immutable
return 1;
comment on function private.contract_lowest() is 'The oldest version of the sync contract that is still understood';
revoke all on function private.contract_lowest() from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.contract_highest() returns bigint
language sql immutable
return 2;
comment on function private.contract_highest() is 'The newest version of the sync contract that is understood';
revoke all on function private.contract_highest() from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.list_length(list text) returns integer
language sql immutable strict
return case when starts_with(list, ':') then length(list) - 1 else length(list) - length(replace(list, ',', '')) + 1 end;
comment on function private.list_length(text) is
  'How many values a list holds: comma separated, where an empty text holds one, a null; or after a colon a digit each';

create function private.series_length(series jsonb) returns integer
language sql immutable
return coalesce(private.list_length(series ->> 'd'),
                greatest(private.list_length(series ->> 'in'), private.list_length(series ->> 'out'),
                         private.list_length(series ->> 'occ')));
comment on function private.series_length(jsonb) is 'How many readings a series holds';

-- The quick look passes what is surely well formed: a line's single reading, whose numbers are in range.
create function private.is_plain(series jsonb) returns boolean
language plpgsql immutable as $$
begin
  return coalesce(
    series @@ '$.line.type() == "string" && $.line like_regex "^[ -~]{0,64}$"
               && $.in.type() == "string" && $.in like_regex "^[0-9]{1,9}$" && $.out.type() == "string" && $.out like_regex "^[0-9]{1,9}$"
               && $.t.type() == "number" && $.t >= 0 && $.t <= 99999999999999
               && (!exists($.dur) || $.dur.type() == "number" && $.dur >= 0 && $.dur <= 34560000000)
               && ($.sensor.type() == "number" || $.sensor.type() == "string")'
    and not series ?| '{region,step,d,durs,occ,seq,rev,flags,moved}'
    and strpos(series ->> 't', '.') + strpos(coalesce(series ->> 'dur', ''), '.') = 0, false);
end $$;
comment on function private.is_plain(jsonb) is
  'Whether a series is surely a single reading of a line with whole numbers in range, and nothing else. What is not may still be good.';
revoke all on function private.is_plain(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.series_complaint(series jsonb) returns text
language plpgsql immutable as $$
declare
  complaint text;
  list      text;
  length    integer;
begin
  if private.is_plain(series) then
    return null;
  end if;
  complaint := case
    when jsonb_typeof(series) <> 'object' then 'is not an object'
    when coalesce(jsonb_typeof(series -> 'sensor') not in ('number', 'string'), true) then 'sensor must be a number or a uuid'
    when (series ? 'line') = (series ? 'region') then 'needs exactly one of line and region'
    when jsonb_typeof(coalesce(series -> 'line', series -> 'region')) <> 'string' then 'line and region are texts'
    when series ? 'line' and series ? 'occ' then 'a line has no occ'
    when series ? 'region' and (series ? 'in' or series ? 'out') then 'a region has no in and out'
    when not private.is_integer(series -> 't') then 't must be a whole number of milliseconds'
    when series ? 'step' and not private.is_integer(series -> 'step') then 'step must be a whole number of milliseconds'
    when series ? 'dur' and not private.is_integer(series -> 'dur') then 'dur must be a whole number of milliseconds'
    when series ? 'moved' and jsonb_typeof(series -> 'moved') <> 'array' then 'moved must be an array'
  end;
  if complaint is not null then
    return complaint;
  end if;
  length := private.series_length(series);
  foreach list in array '{d,durs,in,out,occ,seq,rev,flags}'::text[] loop
    if not series ? list then
      continue;
    elsif jsonb_typeof(series -> list) <> 'string' then
      return list || ' must be a text of comma separated numbers';
    elsif private.list_length(series ->> list) <> length then
      return 'its lists differ in length';
    end if;
  end loop;
  if length is null or length = 0 then
    return 'has no readings';
  elsif length > 1 and not series ? 'd' and not series ? 'step' then
    return 'needs d or step';
  end if;
  return null;
end $$;
comment on function private.series_complaint(jsonb) is 'Why a series cannot be understood; null when it can';

create function private.move_complaint(series jsonb, move jsonb) returns text
language sql immutable
return case
  when jsonb_typeof(move) <> 'object' or not private.is_integer(move -> 'k') or not private.is_integer(move -> 't')
    or not private.is_integer(coalesce(move -> 'seq', '0')) then 'moved holds objects of whole numbers k, t and seq'
  when (move ->> 'k')::bigint not between 0 and private.series_length(series) - 1 then 'moved names a reading that is not there'
  when abs((move ->> 't')::bigint) > 99999999999999 then 'moved names an instant out of range'
  when coalesce((move ->> 'seq')::bigint, 0) not between 0 and 32767 then 'moved names a seq out of range'
end;
comment on function private.move_complaint(jsonb, jsonb) is 'Why a move cannot be understood; null when it can';

create function private.is_plain_request(body jsonb) returns boolean
language plpgsql immutable as $$
begin
  return coalesce(
    body @@ '$.type() == "object" && ($.v == 1 || $.v == 2) && $.epoch.type() == "string" && $.epoch like_regex "^.{1,64}$" flag "s"
             && $.after.type() == "number" && $.to.type() == "number" && 0 <= $.after && $.after < $.to && $.to <= 999999999999999
             && $.series.type() == "array" && $.series.size() == 1'
    and strpos(body ->> 'after', '.') + strpos(body ->> 'to', '.') = 0 and not body ?| '{sensors,liveness,health}'
    and private.is_plain(body -> 'series' -> 0), false);
end $$;
comment on function private.is_plain_request(jsonb) is
  'Whether a request surely can be understood: one plain reading and nothing that wants a closer look';
revoke all on function private.is_plain_request(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

-- Series that have much in common are told as one: its keys hold for each of those in `of`, a list per key.
create function private.of_complaint(all_series jsonb) returns text
language plpgsql immutable as $$
declare
  shared    record;
  lengths   integer[];
  series    bigint := 0;
begin
  for shared in
    select n - 1 as s, x - 'of' as rest, x -> 'of' as of
      from jsonb_array_elements(all_series) with ordinality as e (x, n)
     where jsonb_typeof(x) = 'object' and x ? 'of' order by n
  loop
    if jsonb_typeof(shared.of) <> 'object' or shared.of = '{}'
       or exists (select from jsonb_each(shared.of) as c where jsonb_typeof(c.value) <> 'array') then
      return format('series[%s]: of must be an object of arrays', shared.s);
    end if;
    lengths := array(select distinct jsonb_array_length(c.value) from jsonb_each(shared.of) as c);
    if cardinality(lengths) <> 1 or lengths[1] = 0 then
      return format('series[%s]: the arrays of of have to be of one length, and not empty', shared.s);
    -- What is shared is copied, so little may ask for much.
    elsif octet_length(shared.rest::text) > 1000 then
      return format('series[%s]: what is shared must not be longer than 1000 bytes', shared.s);
    end if;
    series := series + lengths[1];
  end loop;
  return case when series > 5000 then 'there are more than 5000 series' end;
end $$;
comment on function private.of_complaint(jsonb) is 'Why series that share keys cannot be written out; null when they can';
revoke all on function private.of_complaint(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.written_out(all_series jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return (
  select jsonb_agg(w.series order by e.n, w.k)
    from jsonb_array_elements(all_series) with ordinality as e (x, n)
   cross join lateral (
     select 0 as k, e.x as series where jsonb_typeof(e.x) <> 'object' or not e.x ? 'of'
     union all
     select c.k, (e.x - 'of') || jsonb_object_agg(c.key, c.value)
       from (select o.key, v.value, v.k from jsonb_each(case when jsonb_typeof(e.x) = 'object' then e.x -> 'of' end) as o,
                    jsonb_array_elements(o.value) with ordinality as v (value, k)) as c
      group by c.k) as w);
end $$;
comment on function private.written_out(jsonb) is 'Series each on its own, where several were told as one';
revoke all on function private.written_out(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.sync_complaint(body jsonb) returns text
language plpgsql immutable as $$
declare
  complaint text;
begin
  if private.is_plain_request(body) then
    return null;
  end if;
  complaint := case
    when coalesce(jsonb_typeof(body) <> 'object', true) then 'the body is not an object'
    when not private.is_integer(body -> 'v') or (body ->> 'v')::bigint < 1 then 'v must be a whole number from 1 on'
    when coalesce(jsonb_typeof(body -> 'epoch') <> 'string', true)
      or length(body ->> 'epoch') not between 1 and 64 then 'epoch must be a text of 1 to 64 characters'
    when not private.is_integer(body -> 'after') or not private.is_integer(body -> 'to') then 'after and to must be whole numbers'
    when (body ->> 'after')::bigint < 0 or (body ->> 'after')::bigint > (body ->> 'to')::bigint then 'after and to must satisfy 0 <= after <= to'
    when jsonb_typeof(coalesce(body -> 'sensors', '[]')) <> 'array' then 'sensors must be an array'
    when jsonb_typeof(coalesce(body -> 'series', '[]')) <> 'array' then 'series must be an array'
    when jsonb_typeof(coalesce(body -> 'liveness', '[]')) <> 'array' then 'liveness must be an array'
    when jsonb_typeof(coalesce(body -> 'health', '{}')) <> 'object' then 'health must be an object'
    when (body ->> 'after') = (body ->> 'to') and jsonb_array_length(coalesce(body -> 'series', '[]')) > 0
      then 'series need change numbers: after must be less than to'
  end;
  if complaint is not null then
    return complaint;
  end if;

  -- Every statement costs a small request as much as its readings do, so none is run for what is not there.
  if body ? 'sensors' then
    select format('sensors[%s]: %s', n - 1, 'needs id, a uuid') into complaint
      from jsonb_array_elements(body -> 'sensors') with ordinality as e (sensor, n)
     where jsonb_typeof(sensor) <> 'object' or not private.is_uuid(sensor ->> 'id')
     order by n limit 1;
    if found then
      return complaint;
    end if;
  end if;
  if not body ? 'series' then
    return null;
  end if;

  select format('series[%s]: %s', n - 1, reason) into complaint
    from jsonb_array_elements(body -> 'series') with ordinality as e (series, n),
         private.series_complaint(series) as reason
   where reason is not null
   order by n limit 1;
  if found then
    return complaint;
  end if;

  if not jsonb_path_exists(body, 'strict $.series[*] ? (exists (@.moved))') then
    return null;
  end if;
  select format('series[%s]: %s', n - 1, reason) into complaint
    from jsonb_array_elements(body -> 'series') with ordinality as e (series, n),
         jsonb_array_elements(series -> 'moved') as move,
         private.move_complaint(series, move) as reason
   where reason is not null
   order by n limit 1;
  return complaint;
end $$;
comment on function private.sync_complaint(jsonb) is 'Why a request cannot be understood as a whole; null when it can';

notify pgrst, 'reload schema';
commit;
