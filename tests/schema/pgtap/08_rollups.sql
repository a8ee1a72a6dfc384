\ir setup.psql
select plan(20);

create function pg_temp.day(d date) returns text
language sql as $$
  select format('%s+%s+%s', count_in, unallocated_in, estimated_in) from data.daily_analytics where store_id = pg_temp.store() and day = d;
$$;
create function pg_temp.hour(at timestamptz) returns bigint
language sql as $$ select count_in from data.hourly_analytics where store_id = pg_temp.store() and hour_at = at $$;

select pg_temp.become_store('buckets') \g /dev/null
select pg_temp.sync(0, 10, jsonb_build_array(
  pg_temp.reading(pg_temp.monday() - interval '1 minute', 1),                                   -- ends as the hour starts
  pg_temp.reading(pg_temp.monday(), 2, 1, '{"dur": 0}'),                                        -- an instant as the hour starts
  pg_temp.reading(pg_temp.monday() + interval '30 minutes', 4, 1, '{"dur": 3600000}'),          -- exactly an hour
  pg_temp.reading(pg_temp.monday() + interval '31 minutes', 8, 1, '{"dur": 3600001}'),          -- longer
  pg_temp.reading(pg_temp.monday() + interval '32 minutes', 16, 1, '{"flags": "16"}'),          -- an estimate
  pg_temp.reading(pg_temp.monday() - interval '20 days', 32, 1, '{"dur": 1728000000}'),         -- twenty days up to nine o'clock
  pg_temp.reading(pg_temp.monday() + interval '33 minutes', 64, 1, '{"flags": "32"}'))) \g /dev/null
select is(pg_temp.hour(pg_temp.monday() - interval '1 hour'), 1::bigint, 'a reading counts in the hour of its last instant');
select is(pg_temp.hour(pg_temp.monday()), 2::bigint, 'an instant in the hour it starts');
select is(pg_temp.hour(pg_temp.monday() + interval '1 hour'), 4::bigint, 'a whole hour in the one it ends in');
select is(pg_temp.day(pg_temp.monday()::date), '7+40+16', 'day = hours + unallocated + estimated');
select is(pg_temp.differences(), 0::bigint, 'as the raw rows add up to');

-- Regions.
select pg_temp.sync(10, 11, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday()),
  'd', '0,60000,120000', 'occ', '2,,9'), jsonb_build_object('sensor', pg_temp.door('A'), 'region', '', 't', pg_temp.ms(pg_temp.monday()), 'occ', '3'))) \g /dev/null
select is((select array_agg(occupancy_max || ' of ' || readings order by region) from data.hourly_analytics
            where store_id = pg_temp.store() and occupancy_max is not null), array['3 of 1', '9 of 3'], 'regions keep the most people present');
select pg_temp.sync(11, 12, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday()),
  'd', '120000', 'occ', '1', 'rev', '2'))) \g /dev/null
select is((select occupancy_max from data.daily_analytics where store_id = pg_temp.store() and region = 'R'), 2, 'also when the most is corrected downwards');
select pg_temp.sync(12, 13, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.monday()) + 7200000,
  'occ', '7', 'rev', '2', 'moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(pg_temp.monday()), 'seq', 0))))) \g /dev/null
select is((select string_agg(occupancy_max || ' of ' || readings, ', ' order by hour_at) from data.hourly_analytics
            where store_id = pg_temp.store() and region = 'R'), '1 of 2, 7 of 1', 'and when a region''s reading moves');
select is(pg_temp.differences(), 0::bigint, 'as the raw rows add up to');

-- Days of 23 and 25 hours, of a store whose day starts at four.
select pg_temp.become_store('clocks', 'Europe/Berlin') \g /dev/null
update data.stores set day_start_minute = 240 where id = pg_temp.store();
select max(t) as jump from (select t, extract(timezone_hour from t) from generate_series(date_trunc('hour', now() - interval '300 days'), now(), interval '1 hour') t) s
 where (t at time zone 'Europe/Berlin') - ((t - interval '1 hour') at time zone 'Europe/Berlin') <> interval '1 hour' \gset
select pg_temp.sync(0, 1, (select jsonb_agg(pg_temp.reading(:'jump'::timestamptz + k * interval '10 minutes', 1)) from generate_series(-300, 300) k)) \g /dev/null
select is((select sum(count_in) from data.daily_analytics where store_id = pg_temp.store()), 601::numeric, 'a change of the clocks loses nobody');
select is((select count(*) from data.hourly_analytics where store_id = pg_temp.store() and count_in > 6), 0::bigint, 'and lays no hour over another');
select is(pg_temp.differences(), 0::bigint, 'as the raw rows add up to');
select pg_temp.sync(1, 2, (select jsonb_agg(pg_temp.reading(:'jump'::timestamptz + k * interval '10 minutes', 2, 2)) from generate_series(-300, 300) k)) \g /dev/null
select is((select sum(count_in) from data.daily_analytics where store_id = pg_temp.store()), 1202::numeric, 'nor do corrections around it');
select is(pg_temp.differences(), 0::bigint, 'as the raw rows add up to');

-- Whatever comes in whatever order: half hours, quarter hours, far zones, everything at random.
create function pg_temp.churn(requests integer) returns void
language plpgsql as $$
declare
  series jsonb;
begin
  for i in 1 .. requests loop
    select jsonb_agg(jsonb_build_object('sensor', pg_temp.door((array['A', 'B'])[1 + (random() * 1.99)::integer % 2]), 'line', (array['', '1'])[1 + (random() * 1.99)::integer % 2],
        't', at, 'dur', (array[0, 60000, 3600000, 3600001, 90000000])[1 + floor(random() * 5)::integer],
        'in', floor(random() * 50)::text, 'out', (array['', '3'])[1 + floor(random() * 2)::integer], 'rev', (1 + floor(random() * 4))::text,
        'flags', (array['0', '16', '32', '2'])[1 + floor(random() * 4)::integer])
      || case when random() < 0.3 then jsonb_build_object('moved', jsonb_build_array(jsonb_build_object('k', 0, 'seq', 0,
              't', pg_temp.ms(pg_temp.monday() + floor(random() * 60) * interval '37 minutes')))) else '{}' end)
      into series
      from (select pg_temp.ms(pg_temp.monday() + floor(random() * 60) * interval '37 minutes') as at from generate_series(1, 12)) as s;
    perform pg_temp.sync(i - 1, i, series);
  end loop;
end $$;
select setseed(0.42) \g /dev/null
select pg_temp.become_store('churn in Chatham', 'Pacific/Chatham') \g /dev/null
select pg_temp.churn(60) \g /dev/null
select ok((select count(*) > 50 from data.people_counting_raw where store_id = pg_temp.store()), 'a store with many corrected, moved and voided readings');
select is(pg_temp.differences(), 0::bigint, 'has the roll-ups its raw rows add up to');
select pg_temp.become_store('churn in St John''s', 'America/St_Johns') \g /dev/null
update data.stores set day_start_minute = 345 where id = pg_temp.store();
select pg_temp.churn(60) \g /dev/null
select is(pg_temp.differences(), 0::bigint, 'also in another zone with an odd start of the day');

update data.daily_analytics set count_in = count_in + 1 where ctid = (select ctid from data.daily_analytics where store_id = pg_temp.store() limit 1);
select is(pg_temp.differences(), 2::bigint, 'a bucket that is off by one would be noticed');

select is(private.store_day('2026-03-29 01:59:59.999+00', 'Europe/Berlin', 240), '2026-03-28', 'the day of the jump starts at four by the new clock');
select is(private.store_day('2026-03-29 02:00+00', 'Europe/Berlin', 240), '2026-03-29', 'and not before');

select * from finish();
rollback;
