-- Deploy lintel:opening_hours to pg
-- requires: stores
-- settings.opening_hours of nodes and stores, in the store's local time:
--   {"monday": [["09:00", "20:00"]], "friday": [["09:00", "12:30"], ["14:00", "02:00"]],
--    "exceptions": {"2026-12-24": [["09:00", "14:00"]], "2026-12-25": []}}
-- A weekday that is not named is closed. A span that ends at or before its start ends on the next day; "24:00" is an end.
-- A date under exceptions stands in place of its weekday. What a node says holds for each store below it, unless something
-- nearer to the store says otherwise, day by day and date by date; [] closes a day. Where nobody says anything, a store is never called closed.

begin;
set local role lintel_owner;

create function private.day_complaint(spans jsonb) returns text
language plpgsql immutable as $$
declare
  span   jsonb;
  opens  text;
  closes text;
  until  text := '';
begin
  if jsonb_typeof(spans) <> 'array' then
    return 'needs a list of [open, close]; an empty list is a closed day';
  elsif jsonb_array_length(spans) > 24 then
    return 'has more than 24 spans';
  end if;
  for span in select x from jsonb_array_elements(spans) as x loop
    if jsonb_typeof(span) <> 'array' or jsonb_array_length(span) <> 2 or jsonb_typeof(span -> 0) <> 'string'
       or jsonb_typeof(span -> 1) <> 'string' then
      return format('has %s where a list of two times is needed', span);
    end if;
    opens := span ->> 0;
    closes := span ->> 1;
    if opens !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' or closes !~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' then
      return format('has %s where times from 00:00 to 24:00 are needed', span);
    elsif opens < until then
      return format('has %s out of order: a span starts before the one in front of it ends', span);
    end if;
    -- Only the last span of a day can reach into the next one.
    until := case when closes <= opens then '99' else closes end;
  end loop;
  return null;
end $$;
comment on function private.day_complaint(jsonb) is 'Why a day''s opening hours cannot be understood; null when they can';

create function private.is_date(value text) returns boolean
language plpgsql immutable as $$
begin
  return value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and value::date is not null;
exception when datetime_field_overflow then
  return false;
end $$;
comment on function private.is_date(text) is 'Whether a text is a day of the calendar as year-month-day';

create function private.opening_complaint(hours jsonb) returns text
language plpgsql immutable as $$
declare
  complaint text;
begin
  if jsonb_typeof(hours) <> 'object' then
    return 'is no object of weekdays';
  elsif jsonb_typeof(coalesce(hours -> 'exceptions', '{}')) <> 'object' then
    return 'exceptions: is no object of dates';
  end if;
  select format('%s: %s', e.key, c.complaint) into complaint
    from jsonb_each(hours - 'exceptions') as e,
         lateral (select case when e.key = any (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])
                              then private.day_complaint(e.value) else 'is no weekday (monday to sunday) and not exceptions' end) as c (complaint)
   where c.complaint is not null order by e.key limit 1;
  if found then
    return complaint;
  end if;
  select format('exceptions: %s: %s', e.key, c.complaint) into complaint
    from jsonb_each(hours -> 'exceptions') as e,
         lateral (select case when private.is_date(e.key) then private.day_complaint(e.value)
                              else 'is no date (year-month-day)' end) as c (complaint)
   where c.complaint is not null order by e.key limit 1;
  return complaint;
end $$;
comment on function private.opening_complaint(jsonb) is 'Why opening hours cannot be understood; null when they can';

create function private.check_opening_hours() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := private.opening_complaint(new.settings -> 'opening_hours');
begin
  if complaint is not null then
    raise check_violation using message = format('opening_hours of %s %s: %s', tg_argv[0], new.public_id, complaint),
      hint = 'For example {"monday": [["09:00", "20:00"]], "exceptions": {"2026-12-25": []}}.';
  end if;
  return new;
end $$;
comment on function private.check_opening_hours() is 'Trigger: refuses opening hours that nobody could understand; the argument says what the row is';

create trigger stores_opening_hours before insert or update of settings on data.stores
  for each row when (new.settings ? 'opening_hours') execute function private.check_opening_hours('store');
create trigger organizations_opening_hours before insert or update of settings on data.organizations
  for each row when (new.settings ? 'opening_hours') execute function private.check_opening_hours('organization');

create function private.nearer_hours(above jsonb, nearer jsonb) returns jsonb
language sql immutable
return case when above is null then nearer when nearer is null then above
  else above || nearer || jsonb_build_object('exceptions', coalesce(above -> 'exceptions', '{}') || coalesce(nearer -> 'exceptions', '{}')) end;
comment on function private.nearer_hours(jsonb, jsonb) is 'Opening hours from two places: what the nearer one says of a day or date stands, the rest is as above';

create function private.hours_of_nodes(nodes bigint[]) returns jsonb
language plpgsql stable as $$
declare
  given jsonb;
  hours jsonb;
begin
  for given in select o.settings -> 'opening_hours' from data.organizations o
                where o.id = any (nodes) and o.settings ? 'opening_hours' order by array_position(nodes, o.id) loop
    hours := private.nearer_hours(hours, given);
  end loop;
  return hours;
end $$;
comment on function private.hours_of_nodes(bigint[]) is 'What some nodes of one way down the tree, the highest first, say together; null where none says anything';

create function private.opening_hours(settings jsonb, node bigint) returns jsonb
language plpgsql stable as $$
begin
  return private.nearer_hours(
    private.hours_of_nodes(string_to_array((select o.path from data.organizations o where o.id = node)::text, '.')::bigint[]),
    settings -> 'opening_hours');
end $$;
comment on function private.opening_hours(jsonb, bigint) is 'When a store with these settings at this node is open; null where nobody says';

create type private.calendar as (hours jsonb, timezone text, days jsonb);
comment on type private.calendar is 'When stores are open, and in which days they count';

-- Of very many stores: nodes that say something are few, and most stores have the same ones above them. "offset 0": one by one, by
-- their keys, rather than a join that reads the stores of every tenant.
create function private.calendars(stores integer[]) returns setof private.calendar
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp set jit = off as $$
declare
  saying constant ltree[] := array(
    select o.path from data.organizations o
     where o.organization_id = (select s.organization_id from data.stores s where s.id = stores[1]) and o.settings ? 'opening_hours');
begin
  return query
    with places as materialized (
      select distinct s.node_id, s.own, s.timezone, s.days
        from unnest(stores) as w (id)
       cross join lateral (select t.node_id, t.settings -> 'opening_hours' as own, t.timezone, t.calendar as days
                             from data.stores t where t.id = w.id offset 0) as s
    ), ways as materialized (
      select distinct n.above, p.own, p.timezone, p.days
        from places p
       cross join lateral (
         select array(select subpath(a.path, -1)::text::bigint from unnest(saying) as a (path)
                       where a.path @> o.path order by nlevel(a.path)) as above
           from data.organizations o where o.id = p.node_id offset 0) as n
    )
    select distinct private.nearer_hours(private.hours_of_nodes(w.above), w.own), w.timezone, w.days from ways w;
end $$;
comment on function private.calendars(integer[]) is 'The different calendars of stores of one tenant; hours are null where nobody says any';

create function private.open_spans(hours jsonb, timezone text, from_day date, to_day date) returns tstzmultirange
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  -- From a day earlier: it may have been open past midnight.
  return (
    select coalesce(range_agg(tstzrange(
             (d.day + (span ->> 0)::time) at time zone timezone,
             (d.day + (span ->> 1)::interval + case when span ->> 1 <= span ->> 0 then interval '1 day' else interval '0' end)
               at time zone timezone)), '{}')
      from (select t::date as day from generate_series(from_day - 1, to_day, interval '1 day') as t) as d
     cross join lateral jsonb_array_elements(coalesce(
             hours -> 'exceptions' -> d.day::text,
             hours -> (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])[extract(isodow from d.day)::integer],
             '[]')) as span
     -- The hour the clocks skip can swallow a span whole.
     where (d.day + (span ->> 0)::time) at time zone timezone
         < (d.day + (span ->> 1)::interval + case when span ->> 1 <= span ->> 0 then interval '1 day' else interval '0' end)
             at time zone timezone);
end $$;
comment on function private.open_spans(jsonb, text, date, date) is
  'When a store with these hours is open on the days from and to and between, and what the day before leaves of the first';

revoke all on function private.day_complaint(jsonb), private.is_date(text), private.opening_complaint(jsonb),
  private.check_opening_hours(), private.nearer_hours(jsonb, jsonb), private.hours_of_nodes(bigint[]),
  private.opening_hours(jsonb, bigint), private.calendars(integer[]), private.open_spans(jsonb, text, date, date)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
