\ir setup.psql
select plan(27);

-- The definition itself, by the long way round: the day of an instant is the latest that any instant up to it shows.
create function pg_temp.shown(at timestamptz, zone text, minute integer) returns date
language sql as $$ select max(((t at time zone zone) - minute * interval '1 minute')::date) from generate_series(at - interval '4 hours', at, interval '1 minute') as t $$;
create function pg_temp.wrong(zone text, minute integer, around timestamptz) returns bigint
language sql as $$
  select count(*) from generate_series(around - interval '30 hours', around + interval '30 hours', interval '10 minutes') as t
   where private.store_day(t, zone, minute) <> pg_temp.shown(t, zone, minute)
      or not t >= private.day_begins(private.store_day(t, zone, minute), zone, minute)
      or not t < private.day_begins(private.store_day(t, zone, minute) + 1, zone, minute)
$$;
select is((select sum(pg_temp.wrong(zone, minute, around::timestamptz)) from (values
    ('Europe/Berlin', '2026-03-29 01:00Z'), ('Europe/Berlin', '2026-10-25 01:00Z'), ('America/Sao_Paulo', '2018-11-04 03:00Z'),
    ('America/Sao_Paulo', '2019-02-17 02:00Z'), ('Australia/Lord_Howe', '2026-04-04 15:00Z'), ('Australia/Lord_Howe', '2026-10-03 15:30Z'),
    ('Africa/Casablanca', '2026-02-15 02:00Z'), ('Asia/Kathmandu', '2026-06-01 00:00Z')) as z (zone, around), unnest(array[0, 30, 240, 1410, 1425]) as minute), 0::numeric,
  'every instant has the one day that the clock on the wall has come to');
select is(private.day_begins('2018-11-04', 'America/Sao_Paulo', 0), '2018-11-04 03:00Z', 'a day whose midnight the clocks skip begins when they do');
select is(private.day_begins('2018-11-04', 'America/Sao_Paulo', 30), '2018-11-04 03:00Z', 'as does one that would begin within what they skip');
select is(private.day_begins('2019-02-16', 'America/Sao_Paulo', 1410), '2019-02-17 01:30Z', 'one whose start is shown twice begins at the first time');
select is(private.store_day('2019-02-17 02:10Z', 'America/Sao_Paulo', 1410), '2019-02-16', 'and does not end when the clocks go back');
select is(array(select private.day_begins(d::date, 'Pacific/Apia', 0) from generate_series(timestamp '2011-12-29', '2012-01-01', '1 day') as d),
  '{2011-12-29 10:00Z,2011-12-30 10:00Z,2011-12-30 10:00Z,2011-12-31 10:00Z}'::timestamptz[], 'the day that Apia skipped is empty, those beside it are whole');
select is(private.store_day('2011-12-30 10:00Z', 'Pacific/Apia', 0), '2011-12-31', 'no instant lies in it');
select is(private.day_begins('2011-12-31', 'Pacific/Apia', 240) - private.day_begins('2011-12-30', 'Pacific/Apia', 240), interval '4 hours',
  'of a store whose days start at four the skipped one has four hours');
select is(array(select private.day_begins(d, z, 0) from (values ('Asia/Kathmandu', date '2026-05-01'), ('Australia/Lord_Howe', '2026-10-04'), ('Australia/Lord_Howe', '2026-10-05')) as t (z, d)),
  '{2026-04-30 18:15Z,2026-10-03 13:30Z,2026-10-04 13:00Z}'::timestamptz[], 'zones off by 45 and by 30 minutes');

-- Many at once.
select is((select count(*) from (select private.days_of(private.calendar_of('Pacific/Apia', 240), '2011-12-20Z', '2012-01-10Z') as d) as d,
    generate_series(timestamptz '2011-12-20Z', '2012-01-10Z', interval '20 minutes') as t
    where private.day_in((d.d).first_day, (d.d).begins, t) <> private.store_day(t, 'Pacific/Apia', 240)), 0::bigint, 'instants are sorted into days as one by one');

-- From a day on.
create function pg_temp.calendar(variadic steps text[]) returns jsonb
language plpgsql as $$
declare
  calendar jsonb := private.calendar_of(steps[1], steps[2]::integer);
begin
  for k in 3 .. cardinality(steps) by 3 loop
    calendar := private.calendar_from(calendar, steps[k]::date, steps[k + 1], steps[k + 2]::integer);
  end loop;
  return calendar;
end $$;
create function pg_temp.lengths(calendar jsonb, a date, b date) returns text
language sql as $$ select string_agg(round(extract(epoch from private.day_begins(calendar, d::date + 1) - private.day_begins(calendar, d::date)) / 3600, 2)::text, ' ' order by d)
  from generate_series(a::timestamp, b, '1 day') as d $$;
create function pg_temp.torn(calendar jsonb, a date, b date) returns bigint
language sql as $$ select count(*) from generate_series(a::timestamptz, b, interval '30 minutes') as t
  where not t >= private.day_begins(calendar, private.store_day(calendar, t)) or not t < private.day_begins(calendar, private.store_day(calendar, t) + 1) $$;
select is(pg_temp.lengths(pg_temp.calendar('Europe/Berlin', '0', '2026-06-10', 'Europe/London', '0'), '2026-06-08', '2026-06-11'), '24.00 25.00 24.00 24.00', 'the day before a move to the west is longer');
select is(pg_temp.lengths(pg_temp.calendar('Europe/Berlin', '0', '2026-06-10', 'Europe/Moscow', '240'), '2026-06-08', '2026-06-11'), '24.00 27.00 24.00 24.00', 'by the start of the day as well');
select is(pg_temp.lengths(pg_temp.calendar('Pacific/Honolulu', '0', '2026-06-10', 'Pacific/Kiritimati', '0'), '2026-06-07', '2026-06-11'), '24.00 24.00 0.00 24.00 24.00', 'a move across the date line to the west leaves a day out');
select is(pg_temp.lengths(pg_temp.calendar('Pacific/Kiritimati', '0', '2026-06-10', 'Pacific/Honolulu', '0'), '2026-06-08', '2026-06-11'), '24.00 48.00 24.00 24.00', 'one to the east doubles one');
select is((select sum(pg_temp.torn(c, '2026-06-01', '2026-06-20')) from (values
    (pg_temp.calendar('Europe/Berlin', '0', '2026-06-10', 'Europe/London', '1410')), (pg_temp.calendar('Pacific/Honolulu', '1439', '2026-06-10', 'Pacific/Kiritimati', '0')),
    (pg_temp.calendar('Pacific/Kiritimati', '0', '2026-06-10', 'Pacific/Honolulu', '1439', '2026-06-11', 'Pacific/Kiritimati', '0', '2026-06-12', 'UTC', '240'))) as t (c)), 0::numeric,
  'whatever follows on whatever, every instant lies in its day');
select is(pg_temp.calendar('UTC', '0', '2026-06-10', 'Asia/Tokyo', '0', '2026-06-05', 'Europe/Rome', '0'), pg_temp.calendar('UTC', '0', '2026-06-05', 'Europe/Rome', '0'), 'what was planned for later goes');
select is(pg_temp.calendar('UTC', '0', '2026-06-10', 'Asia/Tokyo', '0', '2026-06-10', 'UTC', '0'), pg_temp.calendar('UTC', '0'), 'a change that is taken back leaves nothing');

-- Kept by the columns.
select pg_temp.become_store('kept') \g /dev/null
select is((select calendar from data.stores where id = pg_temp.store()), private.calendar_of('Europe/Berlin', 0), 'a new store has its zone since ever');
update data.stores set timezone = 'Asia/Tokyo' where id = pg_temp.store();
select is((select calendar from data.stores where id = pg_temp.store()), private.calendar_of('Asia/Tokyo', 0), 'one that never counted has no past to leave alone');
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
update data.stores set timezone = 'Europe/Rome', day_start_minute = 240 where id = pg_temp.store();
select is((select calendar from data.stores where id = pg_temp.store()),
  private.calendar_from(private.calendar_of('Asia/Tokyo', 0), (select private.store_day(now(), 'Asia/Tokyo', 0) + 1), 'Europe/Rome', 240),
  'else another zone holds from the first day that has not begun');
select is((select count(*) from private.recompute_jobs where store_id = pg_temp.store()), 0::bigint, 'so nothing has to be counted anew');
update data.stores set timezone = 'Asia/Tokyo', day_start_minute = 0 where id = pg_temp.store();
select is((select calendar from data.stores where id = pg_temp.store()), private.calendar_of('Asia/Tokyo', 0), 'changed back on the same day it is as it was');
update data.stores set timezone = 'Pacific/Honolulu' where id = pg_temp.store();
update data.stores set timezone = 'Pacific/Kiritimati' where id = pg_temp.store();
update data.stores set timezone = 'Asia/Tokyo' where id = pg_temp.store();
select is((select calendar from data.stores where id = pg_temp.store()), private.calendar_of('Asia/Tokyo', 0), 'also by way of zones that are a day apart');
select is((pg_temp.sync(1, 2, '[]') #> '{config,store,calendar}'), private.calendar_of('Asia/Tokyo', 0), 'gateways are told');
select throws_ok(format($$ update data.stores set calendar = '[{"from": null, "timezone": "Mars/Base", "day_start_minute": 0}]' where id = %s $$, pg_temp.store()), '23514', null, 'a calendar nobody could follow is refused');
select throws_ok(format($$ update data.stores set calendar = '[]' where id = %s $$, pg_temp.store()), '23514', null, 'as is none');
select is(private.calendar_complaint(jsonb '[{"from": null, "timezone": "UTC", "day_start_minute": 0}, {"from": "2026-02-30", "timezone": "UTC", "day_start_minute": 1}]') ~ '2026-02-30', true, 'and a day that does not exist');

select * from finish();
rollback;
