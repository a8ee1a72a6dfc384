\ir setup.psql
select plan(37);

-- The roll-ups as the raw rows say in the calendar as it is, by plain sums.
create function pg_temp.off() returns bigint
language sql as $$
  with expected as (
    select sensor_id, line, region, private.store_day(s.calendar, p.last) as day, sum(case when p.duration_ms <= 3600000 and (p.flags / 16) % 2 = 0 then coalesce(i, 0) else 0 end) as short,
           sum(case when p.duration_ms > 3600000 and (p.flags / 16) % 2 = 0 then coalesce(i, 0) else 0 end) as long, sum(case when (p.flags / 16) % 2 = 1 then coalesce(i, 0) else 0 end) as guessed, max(occ) as most, count(*) as n
      from pg_temp.placed p join data.stores s on s.id = p.store_id where p.store_id = pg_temp.store() group by 1, 2, 3, 4
  ), held as (
    select sensor_id, line, region, day, count_in::numeric, unallocated_in::numeric, estimated_in::numeric, occupancy_max, readings::bigint from data.daily_analytics where store_id = pg_temp.store()
  )
  select count(*) from ((table expected except table held) union all (table held except table expected)) as d;
$$;
create function pg_temp.people() returns numeric
language sql as $$ select sum(count_in + unallocated_in + estimated_in) from data.daily_analytics where store_id = pg_temp.store() $$;
-- Forty days of a reading every 50 minutes; long ones, estimates and a region among them.
create function pg_temp.fill() returns void
language plpgsql as $$
begin
  perform pg_temp.sync(0, 1, (
    select jsonb_agg(pg_temp.reading(pg_temp.monday() - k * interval '50 minutes', 1 + k % 7, 1,
             jsonb_build_object('dur', case when k % 11 = 0 then 5000000 else 60000 end, 'flags', case when k % 13 = 0 then '16' else '0' end)))
      from generate_series(0, 1150) as k));
  perform pg_temp.sync(1, 2, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('B'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday() - interval '30 days'),
    'd', (select string_agg((k * 3600000::bigint)::text, ',' order by k) from generate_series(0, 600) as k), 'occ', (select string_agg((k % 17)::text, ',' order by k) from generate_series(0, 600) as k))));
end $$;
create function pg_temp.as_hq(what text) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
  before text := current_setting('request.jwt.claims', true);
begin
  perform set_config('request.jwt.claims', '{"role": "lintel_hq"}', true);
  set local role lintel_hq;
  begin
    execute 'select ' || what into answer;
  exception when others then
    answer := to_jsonb(sqlstate || ' ' || sqlerrm);
  end;
  reset role;
  perform set_config('request.jwt.claims', before, true);
  return answer;
end $$;
create function pg_temp.public_id() returns uuid language sql as $$ select public_id from data.stores where id = pg_temp.store() $$;
create function pg_temp.hours() returns text language sql as $$
  select md5(string_agg(h::text, ',' order by sensor_id, hour_at, line, region)) from (select sensor_id, hour_at, line, region, count_in, count_out, readings from data.hourly_analytics where store_id = pg_temp.store()) as h $$;

-- The zone was wrong.
select pg_temp.become_store('wrong', 'UTC') \g /dev/null
select pg_temp.fill() \g /dev/null
select pg_temp.people() as people, pg_temp.hours() as hours \gset
select is(pg_temp.off(), 0::bigint, 'days of a store in UTC');
select is(pg_temp.as_hq(format('api.correct_store_calendar(%L, ''Asia/Kathmandu'')', pg_temp.public_id())) #- '{days_to_recompute}',
  jsonb_build_object('v', 1, 'timezone', 'Asia/Kathmandu', 'day_start_minute', 0, 'calendar', private.calendar_of('Asia/Kathmandu', 0)), 'the zone was wrong: the new one holds since ever');
select ok(pg_temp.off() > 50, 'the days are not right yet');
select is((select array[reason, (recomputed + marked)::text, finished_at::text] from private.recompute_jobs where store_id = pg_temp.store()), array['calendar', '0', null], 'a job waits');
-- Interrupted: what a slice did stays, what it was doing when it was cut is done again.
select is((select array[days::text, finished::text] from private.run_recompute(7)), array['7', 'false'], 'seven days are done');
savepoint before_the_cut;
select is((select days from private.run_recompute(11)), 11, 'eleven more');
rollback to savepoint before_the_cut;
select is((select recomputed from private.recompute_jobs where store_id = pg_temp.store()), 7, 'are lost when the session ends before its commit');
select ok(pg_temp.off() > 0, 'so there is more to do');
-- Meanwhile people come, and a reading is corrected.
select pg_temp.sync(2, 3, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '50 minutes', 100), pg_temp.reading(pg_temp.monday() - interval '500 hours', 1, 2))) \g /dev/null
do $$ begin while exists (select from private.run_recompute(7)) loop end loop; end $$;
select is(pg_temp.off(), 0::bigint, 'resumed until it is done, every day is what its readings add up to');
select is((select array[isempty(remaining), finished_at is not null, marked = 0, recomputed = (select sum(upper(r) - lower(r)) from unnest(days) as r)] from private.recompute_jobs where store_id = pg_temp.store()),
  '{t,t,t,t}'::boolean[], 'the job says so');
select is((select count(*) from private.run_recompute()), 0::bigint, 'and there is nothing left');
select is(pg_temp.people(), (select sum(i) from pg_temp.placed where store_id = pg_temp.store())::numeric, 'day = hours + unallocated + estimated, nobody is lost');
select is((select count(*) from data.daily_analytics where store_id = pg_temp.store() and old_calendar), 0::bigint, 'no day is marked');

-- Hours stay where they are.
select pg_temp.become_store('hours', 'UTC') \g /dev/null
select pg_temp.fill() \g /dev/null
select pg_temp.hours() as hours, pg_temp.people() as people \gset
select pg_temp.as_hq(format('api.correct_store_calendar(%L, ''Australia/Lord_Howe'', 1410)', pg_temp.public_id())) \g /dev/null
select private.run_recompute() \g /dev/null
select is(pg_temp.hours(), :'hours', 'hours are hours of UTC, whatever the zone');
select is(pg_temp.people(), :people::numeric, 'nobody is lost');
select is(pg_temp.off(), 0::bigint, 'and the days are right');

-- From this date on.
select (pg_temp.monday() - interval '10 days')::date as change \gset
select string_agg(d::text, ',' order by d.day, d.sensor_id, d.line, d.region) as past from (select day, sensor_id, line, region, count_in, unallocated_in, readings from data.daily_analytics where store_id = pg_temp.store() and day < :'change'::date - 1) as d \gset
select is((pg_temp.as_hq(format('api.change_store_calendar(%L, %L, ''Europe/Berlin'', 0)', pg_temp.public_id(), :'change')) #> '{calendar,1}'),
  jsonb_build_object('from', :'change', 'timezone', 'Europe/Berlin', 'day_start_minute', 0), 'from a date that is over on the store has moved');
select ok((select lower(days) >= :'change'::date - 1 from private.recompute_jobs where store_id = pg_temp.store() and finished_at is null), 'days before are left alone');
select private.run_recompute() \g /dev/null
select is(pg_temp.off(), 0::bigint, 'days since are counted anew');
select is((select string_agg(d::text, ',' order by d.day, d.sensor_id, d.line, d.region) from (select day, sensor_id, line, region, count_in, unallocated_in, readings from data.daily_analytics where store_id = pg_temp.store() and day < :'change'::date - 1) as d), :'past', 'those before have their numbers');
select is(pg_temp.people(), :people::numeric, 'nobody is lost');
select is((pg_temp.as_hq(format('api.change_store_calendar(%L, current_date + 30, null, 120)', pg_temp.public_id())) ->> 'day_start_minute'), '0', 'a change that is planned does not hold yet');
select private.maintain_days() \g /dev/null
select is((select array[timezone, day_start_minute::text] from data.stores where id = pg_temp.store()), '{Europe/Berlin,0}', 'nor a month before');
update data.stores set calendar = jsonb_set(calendar, '{2,from}', to_jsonb(current_date + 1)) where id = pg_temp.store();
select private.maintain_days() \g /dev/null
select is((select array[timezone, day_start_minute::text, jsonb_array_length(calendar)::text] from data.stores where id = pg_temp.store()), '{Europe/Berlin,120,3}', 'on the day before it takes effect');

-- What readings are gone.
select pg_temp.become_store('gone', 'UTC') \g /dev/null
select pg_temp.fill() \g /dev/null
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, readings, updated_at)
  select s.organization_id, s.id, m.id, '1', (private.retention_horizon() - k * interval '1 day')::date, 500, 60, now() from data.stores s join data.sensor_metadata m on m.store_id = s.id and m.serial = 'A', generate_series(1, 3) as k where s.id = pg_temp.store();
select pg_temp.as_hq(format('api.correct_store_calendar(%L, ''America/Sao_Paulo'')', pg_temp.public_id())) \g /dev/null
do $$ begin while exists (select from private.run_recompute()) loop end loop; end $$;
select is((select array_agg(distinct array[old_calendar, day < private.retention_horizon()::date, readings = 60]) from data.daily_analytics where store_id = pg_temp.store() and day < private.retention_horizon()::date),
  '{{t,t,t}}'::boolean[], 'days whose readings are gone keep their numbers and are marked');
select ok((select marked between 3 and 6 from private.recompute_jobs where store_id = pg_temp.store()), 'the job says how many');
select is((select count(*) from data.daily_analytics where store_id = pg_temp.store() and old_calendar and day >= private.retention_horizon()::date), 0::bigint, 'no other day is');

-- New tzdata: as if days had begun elsewhere when they were counted.
select pg_temp.become_store('tzdata', 'Europe/Berlin') \g /dev/null
select pg_temp.fill() \g /dev/null
select private.check_zones() \g /dev/null
select is(private.check_zones(), 0, 'the same tzdata asks for nothing');
select is((select count(*) from private.known_days where timezone = 'Europe/Berlin' and day_start_minute = 0 and begins_at <> private.day_begins(day, timezone, day_start_minute)), 0::bigint, 'where days begin is known');
update private.known_days set begins_at = begins_at + interval '1 hour' where timezone = 'Europe/Berlin' and day_start_minute = 0 and day between (pg_temp.monday() - interval '9 days')::date and (pg_temp.monday() - interval '5 days')::date;
update data.daily_analytics set count_in = count_in + 3 where store_id = pg_temp.store() and day = (pg_temp.monday() - interval '7 days')::date and line = '1';
select ok(private.check_zones() >= 6, 'days that begin elsewhere by new tzdata are to be counted anew');
select is((select days from private.recompute_jobs where store_id = pg_temp.store()), datemultirange(daterange((pg_temp.monday() - interval '10 days')::date, (pg_temp.monday() - interval '4 days')::date)), 'these and no others');
do $$ begin while exists (select from private.run_recompute()) loop end loop; end $$;
select is(pg_temp.off(), 0::bigint, 'and then they are what the readings add up to');
select is(private.check_zones(), 0, 'once');

-- Who may, and what makes no sense.
select is(pg_temp.as_hq(format('api.change_store_calendar(%L, null, ''UTC'')', pg_temp.public_id())) #>> '{}' ~ '^22023 from is null', true, 'a change needs a date');
select is(pg_temp.as_hq(format('api.correct_store_calendar(%L, ''Mars/Base'')', pg_temp.public_id())) #>> '{}' ~ '^23514 .*Mars/Base', true, 'a zone that is none is refused');
select is(pg_temp.as_hq(format('api.correct_store_calendar(%L, ''UTC'')', gen_random_uuid())) ->> 'code', '42501', 'a store nobody knows is nobody''s to correct');
select throws_ok('select * from private.run_recompute(0)', '22023', null, 'a batch of none is refused');

select * from finish();
rollback;
