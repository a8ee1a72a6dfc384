-- Deploy lintel:store_days to pg
-- requires: stores
-- The one place that knows a store's days. A day begins at the first instant at which the clock on the store's wall shows
-- its start or later, and ends where the next one begins. So every instant has one day, a day has as many hours as it has
-- (23 or 25 at a change of the clocks), and one that a zone has skipped is empty. Of the two a calendar says what held
-- from which day on:
--   [{"from": null, "timezone": "Europe/Berlin", "day_start_minute": 0}, {"from": "2026-11-01", "timezone": …}]
-- The day before a change is longer or shorter: it ends where the new calendar begins.

begin;
set local role lintel_owner;

create function private.calendar_of(timezone text, day_start_minute integer) returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_array(jsonb_build_object('from', null, 'timezone', timezone, 'day_start_minute', day_start_minute));
end $$;
comment on function private.calendar_of(text, integer) is 'A calendar that never changed';

create function private.first_showing(wall timestamp, timezone text) returns timestamptz
language plpgsql immutable as $$
declare
  -- Of a time that occurs twice the second; of one the clocks skip as much later as they skip.
  shown   constant timestamptz := wall at time zone timezone;
  skipped constant interval := (shown at time zone timezone) - wall;
begin
  if skipped = interval '0' and ((shown - interval '4 hours') at time zone timezone) = wall - interval '4 hours' then
    return shown;
  end if;
  -- Clocks change at whole minutes, by at most three hours, but where a zone skips a day.
  return (select min(t) from generate_series(shown - greatest(skipped, interval '4 hours'), shown, interval '1 minute') as t
           where (t at time zone timezone) >= wall);
end $$;
comment on function private.first_showing(timestamp, text) is 'The first instant at which the clocks of a zone show this or later';

create function private.day_begins(day date, timezone text, day_start_minute integer) returns timestamptz
language plpgsql immutable as $$
begin
  return private.first_showing(day + make_interval(mins => day_start_minute), timezone);
end $$;
comment on function private.day_begins(date, text, integer) is 'Where a day begins, in a zone and from this minute on';

create function private.store_day(at timestamptz, timezone text, day_start_minute integer) returns date
language plpgsql immutable as $$
declare
  shown constant timestamp := at at time zone timezone;
  day   date := (shown - make_interval(mins => day_start_minute))::date;
begin
  -- Where the clocks have just gone back, the day that had begun by then goes on.
  if shown - ((at - interval '4 hours') at time zone timezone) < interval '4 hours' then
    while private.day_begins(day + 1, timezone, day_start_minute) <= at loop
      day := day + 1;
    end loop;
  end if;
  return day;
end $$;
comment on function private.store_day(timestamptz, text, integer) is 'Day of an instant, in a zone and from this minute on';

create function private.calendar_starts(calendar jsonb, n integer) returns timestamptz
language plpgsql immutable as $$
begin
  return case when n = 0 then '-infinity' when n >= jsonb_array_length(calendar) then 'infinity' else (
    select max(private.day_begins((e ->> 'from')::date, e ->> 'timezone', (e ->> 'day_start_minute')::integer))
      from jsonb_array_elements(calendar) with ordinality as c (e, k) where k between 2 and calendar_starts.n + 1) end;
end $$;
comment on function private.calendar_starts(jsonb, integer) is 'The instant from which on an entry of a calendar holds';

create function private.day_begins(calendar jsonb, day date) returns timestamptz
language plpgsql immutable as $$
declare
  n      integer := jsonb_array_length(calendar) - 1;
  entry  jsonb;
  begins timestamptz;
begin
  while n > 0 and (calendar -> n ->> 'from')::date > day loop
    n := n - 1;
  end loop;
  entry := calendar -> n;
  begins := private.day_begins(day, entry ->> 'timezone', (entry ->> 'day_start_minute')::integer);
  if jsonb_array_length(calendar) = 1 then
    return begins;
  end if;
  return greatest(private.calendar_starts(calendar, n), least(begins, private.calendar_starts(calendar, n + 1)));
end $$;
comment on function private.day_begins(jsonb, date) is 'Where a day of a calendar begins; it ends where the next one begins';

create function private.store_day(calendar jsonb, at timestamptz) returns date
language plpgsql immutable as $$
declare
  n     integer := jsonb_array_length(calendar) - 1;
  entry jsonb;
  day   date;
begin
  if n <= 0 then
    return private.store_day(at, calendar -> 0 ->> 'timezone', (calendar -> 0 ->> 'day_start_minute')::integer);
  end if;
  while n > 0 and private.calendar_starts(calendar, n) > at loop
    n := n - 1;
  end loop;
  entry := calendar -> n;
  day := private.store_day(at, entry ->> 'timezone', (entry ->> 'day_start_minute')::integer);
  -- A day that the next entry does not start with goes on until it does.
  day := greatest(least(day, (calendar -> (n + 1) ->> 'from')::date - 1), (entry ->> 'from')::date);
  while private.day_begins(calendar, day + 1) <= at loop
    day := day + 1;
  end loop;
  return day;
end $$;
comment on function private.store_day(jsonb, timestamptz) is 'Day of an instant in a store''s calendar';

-- Many instants of one store are sorted into its days at once: two of these are cheaper than a zone per row.
create type private.days as (first_day date, begins timestamptz[]);
comment on type private.days is 'Consecutive days of a calendar, and where each begins';

create function private.days_of(calendar jsonb, from_at timestamptz, to_at timestamptz) returns private.days
language plpgsql immutable as $$
declare
  days   private.days;
  day    date := private.store_day(calendar, from_at);
  begins timestamptz := private.day_begins(calendar, day);
begin
  days.first_day := day;
  while begins <= to_at loop
    days.begins := days.begins || begins;
    day := day + 1;
    begins := private.day_begins(calendar, day);
  end loop;
  return days;
end $$;
comment on function private.days_of(jsonb, timestamptz, timestamptz) is 'The days of a calendar in which instants between these two lie';

create function private.day_in(first_day date, begins timestamptz[], at timestamptz) returns date
language sql immutable
return first_day + width_bucket(at, begins) - 1;
comment on function private.day_in(date, timestamptz[], timestamptz) is 'Which of some days (private.days) an instant lies in';

create function private.calendar_from(calendar jsonb, day date, timezone text, day_start_minute integer) returns jsonb
language plpgsql immutable as $$
declare
  kept jsonb := (select jsonb_agg(e order by k) from jsonb_array_elements(calendar) with ordinality as c (e, k)
                  where k = 1 or (e ->> 'from')::date < day);
begin
  if kept -> -1 @> jsonb_build_object('timezone', timezone, 'day_start_minute', day_start_minute) then
    return kept;
  end if;
  return kept || jsonb_build_array(jsonb_build_object('from', day, 'timezone', timezone, 'day_start_minute', day_start_minute));
end $$;
comment on function private.calendar_from(jsonb, date, text, integer) is 'The calendar with another zone and start of day from a day on; what was planned for later goes';

create function private.calendar_entry(calendar jsonb, at timestamptz) returns jsonb
language plpgsql immutable as $$
begin
  return (select e from jsonb_array_elements(calendar) with ordinality as c (e, k)
           where private.calendar_starts(calendar, k::integer - 1) <= at order by k desc limit 1);
end $$;
comment on function private.calendar_entry(jsonb, timestamptz) is 'What of a calendar holds at an instant';

create function private.calendar_on(calendar jsonb, day date) returns jsonb
language plpgsql immutable as $$
begin
  return (select e from jsonb_array_elements(calendar) with ordinality as c (e, k)
           where k = 1 or (e ->> 'from')::date <= day order by k desc limit 1);
end $$;
comment on function private.calendar_on(jsonb, date) is 'What of a calendar holds on a day';

create function private.calendar_complaint(calendar jsonb) returns text
language plpgsql stable as $$
declare
  entry jsonb;
  until date := '-infinity';
begin
  if jsonb_array_length(calendar) not between 1 and 100 or calendar -> 0 -> 'from' <> 'null' then
    return 'needs 1 to 100 entries, the first of them from null';
  end if;
  for entry in select e from jsonb_array_elements(calendar) as e loop
    if (entry ->> 'from')::date <= until then
      return format('from %s comes after from %s', entry ->> 'from', until);
    elsif coalesce((entry ->> 'day_start_minute')::integer not between 0 and 1439, true) then
      return format('day_start_minute must be from 0 to 1439, not %s', entry -> 'day_start_minute');
    elsif now() at time zone (entry ->> 'timezone') is null then
      return 'an entry has no timezone';
    end if;
    until := coalesce((entry ->> 'from')::date, until);
  end loop;
  return null;
exception when invalid_parameter_value or invalid_text_representation or invalid_datetime_format or datetime_field_overflow then
  return sqlerrm;
end $$;
comment on function private.calendar_complaint(jsonb) is 'Why a calendar cannot be understood; null when it can';

-- Who changes timezone or day_start_minute means from now on: from the first day that has begun in neither calendar, so
-- that no day that is over or running moves. A store that has never counted has no past to leave alone. Who changes
-- calendar itself (api.change_store_calendar, api.correct_store_calendar) has said from when.
create function private.keep_calendar() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  complaint text;
  entry     jsonb;
  day       date;
begin
  if tg_op = 'UPDATE' and new.calendar is distinct from old.calendar or tg_op = 'INSERT' and new.calendar <> '[]' then
    complaint := private.calendar_complaint(new.calendar);
    if complaint is not null then
      raise check_violation using message = format('calendar of store %s: %s', new.public_id, complaint),
        hint = 'For example [{"from": null, "timezone": "Europe/Berlin", "day_start_minute": 0}].';
    end if;
    entry := private.calendar_entry(new.calendar, now());
    new.timezone := entry ->> 'timezone';
    new.day_start_minute := entry ->> 'day_start_minute';
  elsif tg_op = 'INSERT' or not exists (select from data.daily_analytics d where d.store_id = new.id) then
    new.calendar := private.calendar_of(new.timezone, new.day_start_minute);
  elsif (new.timezone, new.day_start_minute) is distinct from (old.timezone, old.day_start_minute) then
    day := greatest(private.store_day(old.calendar, now()), private.store_day(now(), new.timezone, new.day_start_minute)) + 1;
    -- A change that was asked for since yesterday is taken back; one planned for later stays.
    if not private.calendar_on(old.calendar, day) @> jsonb_build_object('timezone', new.timezone, 'day_start_minute', new.day_start_minute)
       or exists (select from jsonb_array_elements(old.calendar) as e where (e ->> 'from')::date between day + 1 and day + 2) then
      new.calendar := private.calendar_from(old.calendar, day, new.timezone, new.day_start_minute);
    end if;
  end if;
  return new;
end $$;
comment on function private.keep_calendar() is 'Trigger: keeps the history of zone and start of day, and the two columns as they are now';

-- After stores_timezone, which refuses what is no zone.
create trigger stores_timezone_kept before insert or update of timezone, day_start_minute, calendar on data.stores
  for each row execute function private.keep_calendar();

do $$
declare
  made regprocedure;
begin
  for made in select p.oid from pg_proc p where p.pronamespace = 'private'::regnamespace
                and p.proname in ('calendar_of', 'first_showing', 'day_begins', 'store_day', 'calendar_starts', 'days_of', 'day_in',
                                  'calendar_from', 'calendar_entry', 'calendar_on', 'calendar_complaint', 'keep_calendar') loop
    execute format('revoke all on function %s from public, anon, authenticated, lintel_gateway, lintel_hq', made);
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
