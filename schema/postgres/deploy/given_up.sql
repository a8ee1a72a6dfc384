-- Deploy lintel:given_up to pg
-- requires: stores
-- requires: sync_devices
-- What gateways had to remove before HQ had it (schema/SYNC.md), so that a figure that is too low says why and by how much.

begin;
set local role lintel_owner;

create table private.given_up (
  store_id  integer not null references data.stores (id) on delete cascade,
  sensor_id integer not null,
  regional  boolean not null,
  label     text collate "C" not null check (length(label) <= 64),
  day       date not null,
  epoch     smallint not null check (epoch > 0),
  readings  integer not null check (readings > 0),
  count_in  bigint not null check (count_in >= 0),
  count_out bigint not null check (count_out >= 0),
  told_at   timestamptz not null default now(),
  primary key (store_id, sensor_id, regional, label, day, epoch)
);
comment on table private.given_up is 'Readings that a gateway had no room to keep until HQ took them, per series and day';
comment on column private.given_up.store_id is 'The store';
comment on column private.given_up.sensor_id is 'The sensor';
comment on column private.given_up.regional is 'Whether label is a region';
comment on column private.given_up.label is 'Line or region; empty for the whole device';
comment on column private.given_up.day is 'Day of the store';
comment on column private.given_up.epoch is 'Ordinal of the epoch whose readings they were';
comment on column private.given_up.readings is 'How many are missing';
comment on column private.given_up.count_in is 'People in that they counted';
comment on column private.given_up.count_out is 'People out that they counted';
comment on column private.given_up.told_at is 'When HQ heard of it last';
alter table private.given_up enable row level security;
revoke all on private.given_up from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.given_up_complaint(entry jsonb, sensors jsonb) returns text
language plpgsql stable as $$
begin
  return coalesce(private.naming_complaint(entry, sensors), case
    when coalesce(entry ->> 'day' !~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$', true)
      or entry ->> 'day' > to_char(now() + interval '2 days', 'YYYY-MM-DD') then 'day must be a date, and not ahead'
    when not (private.is_integer(entry -> 'readings') and private.is_integer(entry -> 'in') and private.is_integer(entry -> 'out'))
      or (entry ->> 'readings')::numeric not between 1 and 2147483647
      or (entry ->> 'in')::numeric not between 0 and 999999999999999
      or (entry ->> 'out')::numeric not between 0 and 999999999999999 then 'readings, in and out must be whole numbers'
  end);
end $$;
comment on function private.given_up_complaint(jsonb, jsonb) is 'Why an entry of given_up is not taken; null when it is';

create function private.apply_given_up(gateway data.gateways, epoch smallint, entries jsonb) returns jsonb
language plpgsql volatile as $$
declare
  max_entries constant integer := 1000;
  sensors   jsonb;
  entry     record;
  complaint text;
  first_one text;
  taken     integer := 0;
  ignored   integer := 0;
begin
  if jsonb_typeof(entries) <> 'array' then
    return jsonb_build_object('taken', 0, 'ignored', 1, 'first', 'given_up must be an array');
  end if;
  sensors := private.resolve_sensors(gateway, jsonb_build_object('liveness', entries));
  for entry in select n - 1 as n, x from jsonb_array_elements(entries) with ordinality as e (x, n) order by n loop
    complaint := case when entry.n >= max_entries then format('a request holds at most %s entries', max_entries)
                      else private.given_up_complaint(entry.x, sensors) end;
    begin
      if complaint is null then
        insert into private.given_up as g (store_id, sensor_id, regional, label, day, epoch, readings, count_in, count_out)
        values (gateway.store_id, (sensors -> (entry.x ->> 'sensor') ->> 'id')::integer, entry.x ? 'region',
                coalesce(entry.x ->> 'line', entry.x ->> 'region'), (entry.x ->> 'day')::date, apply_given_up.epoch,
                (entry.x ->> 'readings')::integer, (entry.x ->> 'in')::bigint, (entry.x ->> 'out')::bigint)
        -- A day only ever loses more, so what is told late is not taken for news.
        on conflict on constraint given_up_pkey do update
          set readings = excluded.readings, count_in = excluded.count_in, count_out = excluded.count_out, told_at = now()
        where g.readings < excluded.readings;
        taken := taken + 1;
      end if;
    exception when datetime_field_overflow then
      complaint := 'day must be a date, and not ahead';
    end;
    if complaint is not null then
      ignored := ignored + 1;
      first_one := coalesce(first_one, format('given_up[%s]: %s', entry.n, complaint));
    end if;
  end loop;
  return jsonb_strip_nulls(jsonb_build_object('taken', taken, 'ignored', ignored, 'first', first_one));
end $$;
comment on function private.apply_given_up(data.gateways, smallint, jsonb) is 'Keeps what the gateway says it had to give up. Returns how much was taken';
revoke all on function private.given_up_complaint(jsonb, jsonb), private.apply_given_up(data.gateways, smallint, jsonb)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
