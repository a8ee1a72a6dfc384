-- Deploy lintel:recompute to pg
-- requires: store_days
-- requires: retention
-- requires: administration
-- Days that begin or end elsewhere than when they were counted: because a store's calendar was changed for days that are
-- over, or because tzdata says something new. They are noted per store and counted anew from the readings, some at a
-- time; a job that is cut goes on where it was. Days whose readings are gone keep their numbers and are marked (old_calendar).

begin;
set local role lintel_owner;

create table private.recompute_jobs (
  id           bigint generated always as identity primary key,
  store_id     integer not null references data.stores (id) on delete cascade,
  reason       text not null check (reason in ('calendar', 'tzdata')),
  days         datemultirange not null,
  remaining    datemultirange not null,
  recomputed   integer not null default 0 check (recomputed >= 0),
  marked       integer not null default 0 check (marked >= 0),
  requested_at timestamptz not null default now(),
  finished_at  timestamptz
);
create unique index recompute_jobs_open on private.recompute_jobs (store_id) where finished_at is null;
comment on index private.recompute_jobs_open is 'One open job per store; what is to be done';
create index recompute_jobs_store on private.recompute_jobs (store_id);
comment on index private.recompute_jobs_store is 'What goes with a store';
comment on table private.recompute_jobs is 'Days of stores that are to be, or were, counted anew';
comment on column private.recompute_jobs.id is 'Order in which they are done';
comment on column private.recompute_jobs.store_id is 'The store';
comment on column private.recompute_jobs.reason is 'What came last: calendar (somebody changed it) or tzdata';
comment on column private.recompute_jobs.days is 'All of its days';
comment on column private.recompute_jobs.remaining is 'Those that are still to be done';
comment on column private.recompute_jobs.recomputed is 'Days counted anew';
comment on column private.recompute_jobs.marked is 'Days whose readings were gone';
comment on column private.recompute_jobs.requested_at is 'When it was asked for';
comment on column private.recompute_jobs.finished_at is 'When its last day was done';
alter table private.recompute_jobs enable row level security;

create table private.known_days (
  timezone         text not null,
  day_start_minute integer not null check (day_start_minute between 0 and 1439),
  day              date not null,
  begins_at        timestamptz not null,
  primary key (timezone, day_start_minute, day)
);
comment on table private.known_days is 'Where days began when they were counted, per zone and start of day in use: what new tzdata is held against';
comment on column private.known_days.timezone is 'The zone';
comment on column private.known_days.day_start_minute is 'Minutes after midnight at which the day starts';
comment on column private.known_days.day is 'The day';
comment on column private.known_days.begins_at is 'Where it began';
alter table private.known_days enable row level security;

revoke all on private.recompute_jobs, private.known_days from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.differing_days(a jsonb, b jsonb, from_day date, to_day date) returns datemultirange
language plpgsql immutable as $$
begin
  return coalesce((
    select range_agg(daterange(d.day, d.day + 1))
      from (select t::date as day,
                   private.day_begins(a, t::date) <> private.day_begins(b, t::date)
                or private.day_begins(a, t::date + 1) <> private.day_begins(b, t::date + 1) as differs
              from generate_series(from_day::timestamp, to_day, interval '1 day') as t) as d
     where d.differs), '{}');
end $$;
comment on function private.differing_days(jsonb, jsonb, date, date) is 'Days that begin or end elsewhere in one calendar than in the other';

-- Only where days were counted is there anything to count anew; their readings may move two days further.
create function private.counted_days(store_id integer) returns daterange
language plpgsql stable as $$
begin
  return (select daterange(min(d.day) - 2, max(d.day) + 3) from data.daily_analytics d where d.store_id = counted_days.store_id);
end $$;
comment on function private.counted_days(integer) is 'From the first to the last day of a store that has numbers, and a little around; null when there are none';

create function private.request_recompute(store_id integer, reason text, days datemultirange) returns integer
language plpgsql volatile as $$
#variable_conflict use_column
declare
  wanted datemultirange := request_recompute.days * datemultirange(private.counted_days(request_recompute.store_id));
begin
  if wanted is null or isempty(wanted) then
    return 0;
  end if;
  insert into private.recompute_jobs as j (store_id, reason, days, remaining)
  values (request_recompute.store_id, request_recompute.reason, wanted, wanted)
  on conflict (store_id) where finished_at is null do update
    set days = j.days + excluded.days, remaining = j.remaining + excluded.remaining, reason = excluded.reason, requested_at = now();
  return (select sum(upper(r) - lower(r)) from unnest(wanted) as r);
end $$;
comment on function private.request_recompute(integer, text, datemultirange) is
  'Asks for days of a store to be counted anew; days of an open job are joined. Returns how many.';

create function private.recalendar() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  counted daterange := private.counted_days(new.id);
begin
  if not isempty(counted) then
    perform private.request_recompute(new.id, 'calendar',
      private.differing_days(old.calendar, new.calendar, lower(counted), upper(counted)));
  end if;
  return null;
end $$;
comment on function private.recalendar() is 'Trigger: days that another calendar moves are to be counted anew';

create trigger stores_recalendar after update of timezone, day_start_minute, calendar on data.stores
  for each row when (old.calendar is distinct from new.calendar) execute function private.recalendar();

create function private.check_zones() returns integer
language plpgsql volatile as $$
declare
  moved record;
  asked integer := 0;
begin
  for moved in
    select k.timezone, k.day_start_minute, range_agg(daterange(k.day - 1, k.day + 1)) as days
      from private.known_days k
     where k.begins_at <> private.day_begins(k.day, k.timezone, k.day_start_minute)
     group by k.timezone, k.day_start_minute
  loop
    select asked + coalesce(sum(private.request_recompute(s.id, 'tzdata', moved.days * datemultirange(daterange(c.from_day - 1, c.to_day)))), 0) into asked
      from data.stores s
     cross join lateral (
       select (e ->> 'from')::date as from_day, lead((e ->> 'from')::date) over (order by n) as to_day, e
         from jsonb_array_elements(s.calendar) with ordinality as x (e, n)) as c
     where c.e @> jsonb_build_object('timezone', moved.timezone, 'day_start_minute', moved.day_start_minute);
  end loop;
  insert into private.known_days as k (timezone, day_start_minute, day, begins_at)
  select u.timezone, u.day_start_minute, t::date, private.day_begins(t::date, u.timezone, u.day_start_minute)
    from (select distinct e ->> 'timezone' as timezone, (e ->> 'day_start_minute')::integer as day_start_minute
            from data.stores s, jsonb_array_elements(s.calendar) as e) as u
   cross join generate_series((private.retention_horizon() at time zone 'UTC')::date - 3, current_date + 2, interval '1 day') as t
  on conflict on constraint known_days_pkey do nothing;
  update private.known_days k set begins_at = private.day_begins(k.day, k.timezone, k.day_start_minute)
   where k.begins_at <> private.day_begins(k.day, k.timezone, k.day_start_minute);
  return asked;
end $$;
comment on function private.check_zones() is
  'Holds the days of every zone in use against where they began so far, and asks for those that new tzdata moves. Returns how many, all stores together.';

create function private.recompute_range(store data.stores, days daterange) returns void
language plpgsql volatile as $$
begin
  perform private.recompute_days(store, array(
    select row(t.sensor_id, case when t.regional then '' else t.label end, case when t.regional then t.label else '' end,
               null, d::date)::private.bucket
      from (select distinct x.sensor_id, x.regional, x.label from private.slots x where x.store_id = store.id) as t,
           generate_series(lower(days)::timestamp, upper(days) - 1, interval '1 day') as d));
end $$;
comment on function private.recompute_range(data.stores, daterange) is 'Sets all buckets of some days to what the raw rows add up to';

-- Five days at once, oldest first since their readings are the next to go. The gateways' rows are locked as by a sync, so
-- nobody writes readings of the store meanwhile.
create function private.recompute_job(job private.recompute_jobs, most integer) returns private.recompute_jobs
language plpgsql volatile as $$
declare
  store data.stores;
  slice daterange;
  gone  boolean;
begin
  perform from data.gateways g where g.store_id = job.store_id order by g.id for no key update;
  select * into store from data.stores s where s.id = job.store_id;
  slice := (select r from unnest(job.remaining) as r order by r limit 1);
  slice := daterange(lower(slice), least(upper(slice), lower(slice) + least(most, 5)));
  gone := private.day_begins(store.calendar, lower(slice)) < private.retention_horizon(store.organization_id);
  if gone then
    -- One by one, up to the first whose readings are all there.
    slice := daterange(lower(slice), lower(slice) + 1);
    update data.daily_analytics d set old_calendar = true, updated_at = now()
     where d.store_id = job.store_id and d.day = lower(slice) and not d.old_calendar;
    job.marked := job.marked + 1;
  else
    perform private.recompute_range(store, slice);
    job.recomputed := job.recomputed + upper(slice) - lower(slice);
  end if;
  job.remaining := job.remaining - datemultirange(slice);
  return job;
end $$;
comment on function private.recompute_job(private.recompute_jobs, integer) is 'Does the next days of a job, at most so many. Returns the job as it is then.';

create function private.run_recompute(most integer default 400)
returns table (store_id integer, days integer, finished boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '1s' as $$
#variable_conflict use_column
declare
  -- The gateways of a store wait for two seconds at most.
  ends constant timestamptz := clock_timestamp() + interval '1 second';
  room integer := most;
  done integer;
  job  private.recompute_jobs;
begin
  if most is null or most < 1 then
    raise invalid_parameter_value using message = format('most is %s, but must be at least 1', coalesce(most::text, 'null'));
  end if;
  for job in select * from private.recompute_jobs j where j.finished_at is null order by j.id for update skip locked loop
    exit when room <= 0 or clock_timestamp() >= ends;
    begin
      store_id := job.store_id;
      done := job.recomputed + job.marked;
      while not isempty(job.remaining) and job.recomputed + job.marked - done < room and clock_timestamp() < ends loop
        job := private.recompute_job(job, room - (job.recomputed + job.marked - done));
      end loop;
      days := job.recomputed + job.marked - done;
      finished := isempty(job.remaining);
      update private.recompute_jobs j
         set remaining = job.remaining, recomputed = job.recomputed, marked = job.marked,
             finished_at = case when finished then now() end
       where j.id = job.id;
      room := room - days;
      return next;
    exception when lock_not_available then
      null;  -- its gateways are at work: next time
    end;
  end loop;
end $$;
comment on function private.run_recompute(integer) is
  'Counts days anew that jobs ask for, at most so many and for about a second. Repeat until it returns no row.';

create function private.maintain_days(most integer default 400) returns table (store_id integer, days integer, finished boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- What was planned for a day becomes what holds, the day before.
  update data.stores s
     set timezone = e.entry ->> 'timezone', day_start_minute = (e.entry ->> 'day_start_minute')::integer
    from (select x.id, private.calendar_on(x.calendar, private.store_day(x.calendar, now()) + 1) as entry
            from data.stores x where jsonb_array_length(x.calendar) > 1) as e
   where s.id = e.id
     and (s.timezone, s.day_start_minute) is distinct from (e.entry ->> 'timezone', (e.entry ->> 'day_start_minute')::integer);
  perform private.check_zones();
  return query select r.store_id, r.days, r.finished from private.run_recompute(most) as r;
end $$;
comment on function private.maintain_days(integer) is
  'What keeps days right: planned changes take effect, new tzdata is noticed, days are counted anew, at most so many. To be called every few minutes.';

create function private.answer_calendar(store data.stores, calendar jsonb) returns jsonb
language plpgsql volatile as $$
declare
  complaint text := private.calendar_complaint(calendar);
begin
  if complaint is not null then
    raise check_violation using message = format('store "%s" cannot have this calendar: %s', store.name, complaint),
      hint = 'timezone is a name of the IANA database, for example Europe/Berlin; day_start_minute is from 0 to 1439.';
  end if;
  update data.stores s set calendar = answer_calendar.calendar where s.id = store.id and s.calendar <> answer_calendar.calendar;
  return (
    select jsonb_build_object('v', 1, 'timezone', s.timezone, 'day_start_minute', s.day_start_minute, 'calendar', s.calendar,
             'days_to_recompute', coalesce((select sum(upper(r) - lower(r)) from private.recompute_jobs j, unnest(j.remaining) as r
                                             where j.store_id = s.id and j.finished_at is null), 0))
      from data.stores s where s.id = store.id);
end $$;
comment on function private.answer_calendar(data.stores, jsonb) is 'Gives a store a calendar and says what that came to';

create function api.change_store_calendar(store uuid, "from" date, timezone text default null, day_start_minute integer default null)
returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  its data.stores := private.administered_store(store);
  held jsonb;
begin
  if its.id is null then
    return private.deny_administration('change_store_calendar', store);
  elsif "from" is null or "from" not between '2000-01-01' and current_date + 730 then
    raise invalid_parameter_value using message = format('from is %s, but must be a day from 2000 to two years ahead', coalesce(quote_literal("from"), 'null')),
      hint = 'From this day on the store has another zone or start of day. If the old one was wrong all along, use correct_store_calendar.';
  end if;
  held := private.calendar_on(its.calendar, "from" - 1);
  return private.answer_calendar(its, private.calendar_from(its.calendar, "from", coalesce(change_store_calendar.timezone, held ->> 'timezone'),
    coalesce(change_store_calendar.day_start_minute, (held ->> 'day_start_minute')::integer)));
end $$;
comment on function api.change_store_calendar(uuid, date, text, integer) is
  'From this day on a store has another time zone or start of day; days before keep their numbers. Days since then that are over are counted anew. For HQ and administrators.';

create function api.correct_store_calendar(store uuid, timezone text default null, day_start_minute integer default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  its data.stores := private.administered_store(store);
begin
  if its.id is null then
    return private.deny_administration('correct_store_calendar', store);
  end if;
  return private.answer_calendar(its, private.calendar_of(coalesce(correct_store_calendar.timezone, its.timezone),
    coalesce(correct_store_calendar.day_start_minute, its.day_start_minute)));
end $$;
comment on function api.correct_store_calendar(uuid, text, integer) is
  'The time zone or start of day of a store was wrong all along: every day is counted anew where its readings are still there, and marked (old_calendar) where not. For HQ and administrators.';

revoke all on function private.differing_days(jsonb, jsonb, date, date), private.counted_days(integer),
  private.request_recompute(integer, text, datemultirange), private.recalendar(), private.check_zones(),
  private.recompute_range(data.stores, daterange), private.recompute_job(private.recompute_jobs, integer), private.run_recompute(integer),
  private.maintain_days(integer), private.answer_calendar(data.stores, jsonb), api.change_store_calendar(uuid, date, text, integer),
  api.correct_store_calendar(uuid, text, integer) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.change_store_calendar(uuid, date, text, integer), api.correct_store_calendar(uuid, text, integer)
  to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
