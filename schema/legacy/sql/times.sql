-- Times as the old tables have them.

-- A clock's time without zone is that of the store's wall. In the hour that occurs twice the arrival tells which: the later one
-- if it arrived within an hour after that, else the earlier; where the arrival does not tell, the earlier, with flag 128.
-- A time the clocks skipped is taken as if they had not (02:30 is half an hour after the last 01:59).
create function legacy_migration.local_time(shown timestamp, zone text, arrived timestamptz)
returns table (at timestamptz, note text, flags smallint)
language sql stable as $$
  select case when e.early is null or arrived >= l.late and arrived < l.late + interval '1 hour' then l.late else e.early end,
         case when e.early is not null and (arrived >= e.early and arrived < l.late + interval '1 hour') is not true then 'ambiguous_time'
              when l.late at time zone zone <> shown then 'skipped_time' end,
         (case when e.early is not null and (arrived >= e.early and arrived < l.late + interval '1 hour') is not true then 128 else 0 end)::smallint
    -- "offset 0": worked out once, not wherever it stands.
    from (select shown at time zone zone as late offset 0) as l
   cross join lateral (select case when (l.late - interval '1 hour') at time zone zone = shown then l.late - interval '1 hour' end as early offset 0) as e
$$;
comment on function legacy_migration.local_time(timestamp, text, timestamptz) is 'The instant at which a clock of this zone showed this';

create type legacy_migration.time_read as (at timestamptz, note text, problem text, flags smallint);
comment on type legacy_migration.time_read is 'What a text says of a time';

-- ISO with zone, ISO without, day.month.year without, seconds or milliseconds since 1970. Whoever calls it has set datestyle and timezone.
create function legacy_migration.read_time(written text, zone text, arrived timestamptz) returns legacy_migration.time_read
language plpgsql stable as $$
declare
  result legacy_migration.time_read;
  shown  timestamp;
begin
  result.flags := 0;
  if written is null or btrim(written) = '' then
    result.problem := 'no_time';
    return result;
  end if;
  written := btrim(written);
  if written ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})$' then
    result.at := written::timestamptz;
    return result;
  elsif written ~ '^[0-9]{9,13}$' then
    result.at := to_timestamp(written::double precision / case when length(written) > 11 then 1000 else 1 end);
    return result;
  elsif written ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$' then
    shown := written::timestamp;
  elsif written ~ '^[0-9]{2}[.][0-9]{2}[.][0-9]{4} [0-9]{2}:[0-9]{2}(:[0-9]{2})?$' then
    shown := (substr(written, 7, 4) || '-' || substr(written, 4, 2) || '-' || substr(written, 1, 2) || substr(written, 11))::timestamp;
  else
    result.problem := 'unreadable_time';
    return result;
  end if;
  select t.at, t.note, t.flags into result.at, result.note, result.flags from legacy_migration.local_time(shown, zone, arrived) as t;
  return result;
exception when datetime_field_overflow or invalid_datetime_format then
  result.problem := 'unreadable_time';
  return result;
end $$;
comment on function legacy_migration.read_time(text, text, timestamptz) is 'Reads the forms of time that the old tables hold as text';
