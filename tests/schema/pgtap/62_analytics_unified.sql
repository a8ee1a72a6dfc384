\ir setup.psql
select plan(69);

-- Two stores below one node of a tree, one beside it, one of another tenant. 11 November 2024 is a Monday.
insert into data.organizations (id, name, level) values (962001, 'Chain', 1), (962002, 'Other', 1);
insert into data.organizations (id, parent_id, name, level) values (962011, 962001, 'North', 2), (962012, 962001, 'South', 2), (962013, 962011, 'Coast', 3);
insert into data.stores (id, organization_id, node_id, name, timezone, day_start_minute, settings) values
  (962101, 962001, 962011, 'open every day but Sunday', 'Europe/Berlin', 240, '{"opening_hours": {"monday": [["09:00", "20:00"]], "tuesday": [["09:00", "20:00"]],
     "wednesday": [["09:00", "20:00"]], "thursday": [["09:00", "20:00"]], "friday": [["09:00", "20:00"]], "saturday": [["09:00", "20:00"]], "exceptions": {"2024-11-13": []}}}'),
  (962102, 962001, 962013, 'says nothing', 'America/New_York', 0, '{}'), (962103, 962001, 962012, 'south', 'UTC', 0, '{}'), (962104, 962002, 962002, 'foreign', 'UTC', 0, '{}');
insert into data.gateways (id, organization_id, store_id, name) select s.id, s.organization_id, s.id, 'g' from data.stores s where s.id between 962101 and 962104;
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name)
  select s.id * 10 + n, s.organization_id, s.id, s.id, n::text, n::text from data.stores s, generate_series(1, 2) n where s.id between 962101 and 962104;
insert into data.region_configurations (id, organization_id, store_id, sensor_id, region, name) values (962201, 962001, 962101, 9621011, 'R', 'Till');
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, region, day, count_in, count_out, unallocated_in, estimated_out, occupancy_max, readings, updated_at) values
  (962001, 962101, 9621011, '1', '', '2024-11-11', 10, 9, 4, 0, null, 5, now()), (962001, 962101, 9621012, '1', '', '2024-11-11', 1, 2, 0, 7, null, 5, now()),
  (962001, 962101, 9621011, '', 'R', '2024-11-11', 0, 0, 0, 0, 12, 5, now()), (962001, 962101, 9621011, '1', '', '2024-11-12', 0, 0, 0, 0, null, 5, now()),
  (962001, 962101, 9621011, '1', '', '2024-11-17', 0, 0, 0, 0, null, 5, now()), (962001, 962101, 9621011, '1', '', '2024-10-31', 3, 0, 0, 0, null, 5, now()),
  (962001, 962102, 9621021, '1', '', '2024-11-11', 100, 0, 0, 0, null, 5, now()), (962001, 962103, 9621031, '1', '', '2024-11-11', 1000, 0, 0, 0, null, 5, now()),
  (962002, 962104, 9621041, '1', '', '2024-11-11', 10000, 0, 0, 0, null, 5, now());
insert into data.hourly_analytics (organization_id, store_id, sensor_id, line, region, hour_at, count_in, count_out, occupancy_max, readings, updated_at) values
  (962001, 962101, 9621011, '1', '', '2024-11-11 08:00+00', 6, 5, null, 5, now()), (962001, 962101, 9621012, '1', '', '2024-11-11 08:00+00', 1, 0, null, 5, now()),
  (962001, 962101, 9621011, '1', '', '2024-11-11 09:00+00', 0, 0, null, 5, now()), (962001, 962101, 9621011, '', 'R', '2024-11-11 10:00+00', 0, 0, 12, 5, now()),
  (962001, 962102, 9621021, '1', '', '2024-11-11 08:00+00', 100, 0, null, 5, now()), (962001, 962101, 9621011, '1', '', '2024-11-12 02:00+00', 50, 0, null, 5, now()),
  (962001, 962101, 9621011, '1', '', '2024-11-12 03:00+00', 51, 0, null, 5, now());
insert into data.user_profiles (id, organization_id, role, node_ids, store_ids, timezone_preference) values
  ('96200000-0000-0000-0000-000000000001', 962001, 'organization_administrator', '{}', '{}', 'Asia/Tokyo'), ('96200000-0000-0000-0000-000000000002', 962001, 'regional_manager', '{962013,962012}', '{}', 'UTC'),
  ('96200000-0000-0000-0000-000000000003', 962001, 'store_staff', '{}', '{962101,962104}', 'UTC'), ('96200000-0000-0000-0000-000000000004', 962002, 'organization_administrator', '{}', '{}', 'UTC');

-- Each row in short, as a reader gets it: bucket, in/out, in+unallocated+estimated apart, occupancy, state, stores.
create function pg_temp.ask(who text, scope text, id text, a date, b date, unit text default 'day', format text default 'day in/out state') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', case when who ~ '^[0-9]$' then json_build_object('role', 'authenticated', 'sub', '96200000-0000-0000-0000-00000000000' || who)::text else '{"role": "lintel_hq"}' end, true);
  execute format('set local role %I', case when who ~ '^[0-9]$' then 'authenticated' else who end);
  begin
    select string_agg(case format when 'day in/out state' then format('%s %s/%s %s', right(bucket, 2), count_in, count_out, state)
                                  when 'hours' then format('%s %s %s', substr(bucket, 9, 5), count_in, state)
                                  when 'apart' then format('%s+%s+%s %s+%s+%s', count_in, unallocated_in, estimated_in, count_out, unallocated_out, estimated_out)
                                  when 'sums' then format('%s of %s/%s', count_in, stores_counted, stores)
                                  when 'occupancy' then format('%s %s', occupancy_max, state)
                                  when 'coverage' then coalesce(round(coverage::numeric, 3)::text, '-')
                                  when 'buckets' then bucket end, ', ' order by bucket) into answer
      from api.analytics_unified(scope, id, a, b, unit);
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  reset role;
  return answer;
end $$;

-- Days.
select is(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-17'),
  '11 11/11 counted, 12 0/0 counted, 13 / closed, 14 / missing, 15 / missing, 16 / missing, 17 0/0 closed', 'counted, zero, closed and missing are four different things');
select is(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-11', 'day', 'apart'), '11+4+0 11+0+7', 'what is unallocated and what is estimated stand apart');
select is(pg_temp.ask('1', 'store', (select public_id::text from data.stores where id = 962101), '2024-11-11', '2024-11-11', 'day', 'apart'), '11+4+0 11+0+7', 'a store is found by its public id as well');
select is(pg_temp.ask('1', 'sensor', '9621011', '2024-11-11', '2024-11-12'), '11 10/9 counted, 12 0/0 counted', 'one sensor');
select is(pg_temp.ask('1', 'sensor', '9621012', '2024-11-11', '2024-11-12'), '11 1/2 counted, 12 / missing', 'a sensor that was silent is missing while its neighbour counted');
select is(pg_temp.ask('1', 'region', '962201', '2024-11-11', '2024-11-12', 'day', 'occupancy'), '12 counted,  missing', 'one region');
select is(pg_temp.ask('1', 'node', '962011', '2024-11-11', '2024-11-12', 'day', 'sums'), '111 of 2/2, 0 of 1/2', 'a node adds up what is at and below it');
select is(pg_temp.ask('1', 'node', '962013', '2024-11-11', '2024-11-11', 'day', 'sums'), '100 of 1/1', 'a node further down');
select is(pg_temp.ask('1', 'node', '962001', '2024-11-11', '2024-11-11', 'day', 'sums'), '1111 of 3/3', 'the organization is a node too');
select is(pg_temp.ask('1', 'node', '962011', '2024-11-13', '2024-11-13'), '13 / missing', 'where a store does not say when it is open, its node is not called closed');
update data.stores set settings = '{"opening_hours": {"monday": [["20:00", "03:00"]]}}' where id = 962102;
select is(pg_temp.ask('1', 'node', '962011', '2024-11-11', '2024-11-15'), '11 111/11 counted, 12 0/0 counted, 13 / closed, 14 / missing, 15 / missing', 'a node is closed when all of its stores are');
select is(pg_temp.ask('1', 'store', '962102', '2024-11-11', '2024-11-13'), '11 100/0 counted, 12 / missing, 13 / closed', 'open past midnight reaches into the next day');

-- Weeks and months.
select is(pg_temp.ask('1', 'store', '962101', '2024-11-13', '2024-11-13', 'week', 'buckets'), '2024-11-11', 'a week is named by its Monday');
select is(pg_temp.ask('1', 'store', '962101', '2024-11-13', '2024-11-13', 'week'), '11 11/11 counted', 'and asked for whole');
select is(pg_temp.ask('1', 'store', '962101', '2024-10-15', '2024-12-01', 'month', 'buckets'), '2024-10-01, 2024-11-01, 2024-12-01', 'so are months');
select is(pg_temp.ask('1', 'store', '962101', '2024-10-15', '2024-12-01', 'month'), '01 3/0 counted, 01 11/11 counted, 01 / missing', 'with what their days add up to');
update data.stores set settings = '{"opening_hours": {}}' where id = 962101;
select is(pg_temp.ask('1', 'store', '962101', '2024-12-01', '2024-12-31', 'month'), '01 / closed', 'a month is closed when all its days are');
update data.stores set settings = '{"opening_hours": {"monday": [["09:00", "11:00"]]}}' where id = 962101;

-- Hours.
select is(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-11', 'hour', 'hours'),
  (select string_agg(case to_char(h, 'DD HH24') when '11 08' then '11T08 7 counted' when '11 09' then '11T09 0 counted' when '11 10' then '11T10 0 counted' when '12 02' then '12T02 50 counted'
                     else to_char(h, 'DD"T"HH24') || '  closed' end, ', ' order by h) from generate_series(timestamp '2024-11-11 03:00', '2024-11-12 02:00', '1 hour') h),
  'hours of a store are those of its own days, from four in the morning; people in a region keep an hour from being closed');
select is((select count(*) from regexp_matches(pg_temp.ask('1', 'store', '962103', '2024-11-11', '2024-11-11', 'hour', 'hours'), 'missing', 'g')), 24::bigint, 'without opening hours a silent hour is missing');
select is(pg_temp.ask('1', 'sensor', '9621012', '2024-11-11', '2024-11-11', 'hour', 'apart') ~ '1\+\+ 0\+\+', true, 'what is unallocated or estimated has no hour');
select is(split_part(pg_temp.ask('1', 'node', '962011', '2024-11-11', '2024-11-11', 'hour', 'buckets'), ',', 1), '2024-11-10T15:00:00Z', 'hours of a node are those of the reader''s own days');
select ok(pg_temp.ask('1', 'node', '962011', '2024-11-11', '2024-11-11', 'hour', 'hours') ~ '11T08 107 counted', 'and add up its stores');
select is((select count(*) from regexp_matches(pg_temp.ask('1', 'store', '962101', '2024-10-27', '2024-10-27', 'hour', 'buckets'), 'T', 'g')), 24::bigint, 'a day that starts at four has its own length');
update data.stores set calendar = private.calendar_of('Asia/Kolkata', 0) where id = 962101;
select is(split_part(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-11', 'hour', 'buckets'), ',', 1), '2024-11-10T19:00:00Z', 'in a zone off by half an hour a day has the hours that start in it');
update data.stores set calendar = private.calendar_of('Europe/Berlin', 0) where id = 962101;
select is((select count(*) from regexp_matches(pg_temp.ask('1', 'store', '962101', '2024-10-27', '2024-10-27', 'hour', 'buckets'), 'T', 'g')), 25::bigint, 'the day the clocks go back has 25 hours');
select is((select count(*) from regexp_matches(pg_temp.ask('1', 'store', '962101', '2024-03-31', '2024-03-31', 'hour', 'buckets'), 'T', 'g')), 23::bigint, 'the one they go forward 23');
select is(pg_temp.ask('1', 'store', '962103', current_date + 1, current_date + 3), null, 'what has not begun is not asked about');
select is(pg_temp.ask('1', 'store', '962103', current_date, current_date + 3, 'day', 'buckets'), current_date::text, 'today has begun');

-- Coverage.
insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision) values
  (962103, 9621031, false, '1', '2024-11-11 06:00+00', '2024-11-11 18:00+00', 'counting', 1, 1), (962103, 9621031, false, '1', '2024-11-11 18:00+00', '2024-11-12 06:00+00', 'down', 1, 1),
  (962103, 9621031, false, '2', '2024-11-11 00:00+00', '2024-11-12 00:00+00', 'counting', 1, 1), (962103, 9621032, true, 'R', '2024-11-11 00:00+00', '2024-11-11 12:00+00', 'counting', 1, 1);
select is(pg_temp.ask('1', 'store', '962103', '2024-11-10', '2024-11-13', 'day', 'coverage'), '-, 0.667, 0.000, -', 'coverage is a share where somebody spoke, zero where the sensor was down, and unknown where nobody did');
select is(pg_temp.ask('1', 'sensor', '9621031', '2024-11-11', '2024-11-11', 'day', 'coverage'), '0.750', 'of one sensor the mean of its lines');
select is(pg_temp.ask('1', 'sensor', '9621031', '2024-11-11', '2024-11-11', 'hour', 'coverage'),
  (select string_agg(case when h < 6 then '1.000' when h < 18 then '1.000' else '0.500' end, ', ' order by h) from generate_series(0, 23) h), 'by the hour: a line of which nobody spoke yet says nothing');
select is(pg_temp.ask('1', 'store', '962103', '2024-11-11', '2024-11-11', 'week', 'coverage'), '0.500', 'of a week the mean of the days of which somebody spoke');
insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision) values (962103, 9621031, false, '1', date_trunc('day', now(), 'UTC'), now() + interval '1 hour', 'counting', 1, 1);
select is(pg_temp.ask('1', 'store', '962103', current_date, current_date, 'day', 'coverage'), '1.000', 'a day that is not over is judged by what has passed of it');

-- Who sees what.
select is(pg_temp.ask('2', 'node', '962001', '2024-11-11', '2024-11-11', 'day', 'sums'), '1100 of 2/2', 'a manager who asks for a node above gets what is the manager''s own of it');
select is(pg_temp.ask('2', 'store', '962101', '2024-11-11', '2024-11-11'), 'PT404 store 962101 is not known, or not yours to see', 'a store beyond the reader''s nodes is refused');
select is(pg_temp.ask('2', 'sensor', '9621011', '2024-11-11', '2024-11-11'), 'PT404 sensor 9621011 is not known, or not yours to see', 'so is its sensor');
select is(pg_temp.ask('2', 'region', '962201', '2024-11-11', '2024-11-11'), 'PT404 region 962201 is not known, or not yours to see', 'and its region');
select is(pg_temp.ask('3', 'node', '962001', '2024-11-11', '2024-11-11', 'day', 'sums'), '11 of 1/1', 'staff get their store, not the foreign one they name');
select is(pg_temp.ask('3', 'node', '962012', '2024-11-11', '2024-11-11'), 'PT404 node 962012 is not known, or not yours to see', 'a node without a store of theirs is refused');
select is(pg_temp.ask('3', 'store', '962104', '2024-11-11', '2024-11-11'), 'PT404 store 962104 is not known, or not yours to see', 'a foreign store');
select is(pg_temp.ask('4', 'node', '962001', '2024-11-11', '2024-11-11'), 'PT404 node 962001 is not known, or not yours to see', 'another tenant''s administrator');
select is(pg_temp.ask('9', 'node', '962001', '2024-11-11', '2024-11-11'), 'PT404 node 962001 is not known, or not yours to see', 'a token without a profile');
select is(pg_temp.ask('lintel_hq', 'node', '962002', '2024-11-11', '2024-11-11', 'day', 'sums'), '10000 of 1/1', 'HQ sees every tenant');
select matches(pg_temp.ask('lintel_gateway', 'node', '962001', '2024-11-11', '2024-11-11'), '^42501', 'a gateway may not ask');
select matches(pg_temp.ask('anon', 'node', '962001', '2024-11-11', '2024-11-11'), '^42501', 'nor may anybody anonymous');
create function pg_temp.forged() returns text language plpgsql as $$
begin
  perform set_config('request.jwt.claims', '{"role": "lintel_hq", "sub": "96200000-0000-0000-0000-000000000003"}', true);
  set local role authenticated;
  perform api.analytics_unified('node', '962002', '2024-11-11', '2024-11-11');
  return 'seen';
exception when others then
  return sqlstate;
end $$;
select is(pg_temp.forged(), 'PT404', 'a claim of being HQ is not asked, the role is');
reset role;
update data.stores set deleted_at = now() where id = 962103;
select is(pg_temp.ask('1', 'node', '962001', '2024-11-11', '2024-11-11', 'day', 'sums'), '111 of 2/2', 'a deleted store is gone from its node');
select is(pg_temp.ask('1', 'store', '962103', '2024-11-11', '2024-11-11'), 'PT404 store 962103 is not known, or not yours to see', 'and from sight');
update data.stores set deleted_at = null where id = 962103;
update data.organizations set deleted_at = now() where id = 962011;
select is(pg_temp.ask('1', 'node', '962001', '2024-11-11', '2024-11-11', 'day', 'sums'), '1000 of 1/1', 'so is what hangs below a deleted node');
select is(pg_temp.ask('1', 'node', '962013', '2024-11-11', '2024-11-11'), 'PT404 node 962013 is not known, or not yours to see', 'which nobody can ask about');
select is(pg_temp.ask('lintel_hq', 'node', '962013', '2024-11-11', '2024-11-11'), 'PT404 node 962013 is not known, or not yours to see', 'HQ neither');
update data.organizations set deleted_at = null where id = 962011;

-- Very many stores are read from the materialized views: the same figures, by the same membership.
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, readings, updated_at)
  select 962001, s, s * 10 + 1, '1', current_date - 3, s - 962100, 5, now() from generate_series(962101, 962103) s;
insert into data.stores (id, organization_id, node_id, name) select 970000 + n, 962001, 962011, 'x' from generate_series(1, 2100) n;
select private.refresh_analytics() \g /dev/null
select is(pg_temp.ask('1', 'node', '962001', current_date - 3, current_date - 3, 'day', 'sums'), '6 of 3/2103', 'of thousands of stores the views tell');
select is(pg_temp.ask('2', 'node', '962001', current_date - 1200, current_date - 900, 'day'), (select string_agg(to_char(t, 'DD') || ' / missing', ', ' order by t) from generate_series(current_date - 1200, current_date - 900, '1 day') t), 'few stores can be asked about any day');
select matches(pg_temp.ask('1', 'node', '962001', current_date - 1200, current_date - 900), '^22023 2103 stores since', 'thousands only as far back as the views reach');
update data.user_profiles set store_ids = array(select s.id from data.stores s where s.id > 970000) || 962103 where id = '96200000-0000-0000-0000-000000000003';
update data.user_profiles set node_ids = '{962013}' where id = '96200000-0000-0000-0000-000000000003';
select is(pg_temp.ask('3', 'node', '962001', current_date - 3, current_date - 3, 'day', 'sums'), '5 of 2/2102', 'also to those who see some nodes and some stores of it');
select matches(pg_temp.ask('1', 'node', '962001', '2024-11-01', '2024-11-30', 'hour'), '^22023 hours of 2103 stores over 30 days are more', 'hours of so many stores and days are refused');

-- Bad arguments.
select is(pg_temp.ask('1', 'galaxy', '1', '2024-11-11', '2024-11-11'), '22023 scope is ''galaxy'', but must be store, region, sensor or node', 'a scope there is not');
select is(pg_temp.ask('1', null, '1', '2024-11-11', '2024-11-11'), '22023 scope is null, but must be store, region, sensor or node', 'no scope');
select is(pg_temp.ask('1', 'store', id, '2024-11-11', '2024-11-11'), format('PT404 store %s is not known, or not yours to see', coalesce(id, 'null')), 'an id like ' || coalesce(id, 'null'))
  from (values ('x'' or true'), (null), ('-1'), ('99999999999999999999')) as t (id);
select is(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-11', 'minute'), '22023 granularity is ''minute'', but must be hour, day, week or month', 'a granularity there is not');
select is(pg_temp.ask('1', 'store', '962101', '2024-11-11', '2024-11-10'), '22023 to (2024-11-10) lies before from (2024-11-11)', 'an end before the start');
select is(pg_temp.ask('1', 'store', '962101', null, '2024-11-10'), '22023 from and to must be dates', 'no start');
select matches(pg_temp.ask('1', 'store', '962101', a, b, unit), message, unit || ' from ' || a || ' to ' || b) from (values
  ('2024-01-01'::date, '2024-02-01'::date, 'hour', 'are 32 days; a request by hour covers at most 31'), ('2022-01-01', '2024-02-01', 'day', 'a request by day covers at most 400'),
  ('0001-01-01', '2024-02-01', 'month', 'leaves this century'), ('2024-01-01', 'infinity', 'day', 'must be dates')) as t (a, b, unit, message);

select * from finish();
rollback;
