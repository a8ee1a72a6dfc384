-- A request of one plain reading takes a shorter way. It has to come out where the long one does.
\ir setup.psql
select plan(38);

-- The same readings of a line: what they are, and since when they start, in minutes.
create temporary table passages (n integer generated always as identity, minute integer, dur bigint, "in" integer, "out" integer);
insert into passages (minute, dur, "in", "out")
  select k * 7, (array[0, 1, 60000, 300000, 3600000, 3600001, 90000000])[k % 7 + 1], k % 5, k % 3 from generate_series(0, 600) as k;

create function pg_temp.plain(sensor text, at timestamptz, dur bigint, "in" integer, "out" integer) returns jsonb
language sql as $$
  select jsonb_build_object('sensor', sensor::integer, 'line', '1', 't', pg_temp.ms(at), 'in', "in"::text, 'out', "out"::text)
         || case when dur = 0 then '{}' else jsonb_build_object('dur', dur) end;
$$;
create function pg_temp.sensor() returns text
language sql as $$ select id::text from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' $$;
create function pg_temp.one(after bigint, series jsonb, more jsonb default '{}') returns jsonb
language sql as $$
  select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'first', 'after', after, 'to', after + 1, 'series', jsonb_build_array(series)) || more);
$$;
create function pg_temp.all_of(store integer) returns jsonb
language sql as $$
  select jsonb_build_object(
    'raw', (select jsonb_agg(to_jsonb(r) - '{store_id,organization_id,sensor_id,received_at}'::text[] order by r.started_at, r.seq) from data.people_counting_raw r where r.store_id = store),
    'hours', (select jsonb_agg(to_jsonb(h) - '{store_id,organization_id,sensor_id,updated_at}'::text[] order by h.hour_at, h.line) from data.hourly_analytics h where h.store_id = store),
    'days', (select jsonb_agg(to_jsonb(d) - '{store_id,organization_id,sensor_id,updated_at}'::text[] order by d.day, d.line) from data.daily_analytics d where d.store_id = store),
    'slots', (select jsonb_agg(to_jsonb(s) - '{store_id,sensor_id}'::text[] order by s.slot) from private.slots s where s.store_id = store));
$$;
-- The clocks go back on the third day, and the store changes its start of day on the second.
create function pg_temp.clocks_back() returns date
language sql as $$
  select max(sunday) from (select make_date(y, 10, 31) - extract(dow from make_date(y, 10, 31))::integer as sunday
                             from generate_series(extract(year from now())::integer - 1, extract(year from now())::integer) as y) as s
   where sunday < now() - interval '10 days';
$$;
create function pg_temp.prepare(name text) returns integer
language plpgsql as $$
begin
  perform pg_temp.become_store(name);
  perform pg_temp.sync(0, 1, '[]');
  update data.stores set calendar = calendar || jsonb_build_array(jsonb_build_object(
    'from', pg_temp.clocks_back() - 1, 'timezone', 'Europe/Berlin', 'day_start_minute', 240)) where id = pg_temp.store();
  return pg_temp.store();
end $$;
select (pg_temp.clocks_back() - 2) at time zone 'UTC' as begins \gset

select pg_temp.prepare('at once') as at_once \gset
select pg_temp.sync(1, 2, (select jsonb_agg(pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + minute * interval '1 minute', dur, "in", "out") order by n) from passages)) \g /dev/null
select pg_temp.prepare('one by one') as one_by_one \gset
select is((select count(*) from passages, lateral pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + minute * interval '1 minute', dur, "in", "out") as series
            where private.is_plain_request(jsonb_build_object('v', 1, 'epoch', 'first', 'after', n, 'to', n + 1, 'series', jsonb_build_array(series)))),
  601::bigint, 'every one of them takes the shorter way');
select is((select count(*) from passages, lateral pg_temp.one(n, pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + minute * interval '1 minute', dur, "in", "out")) as answer
            where answer -> 'rejected' = '[]' and answer ->> 'watermark' = (n + 1)::text), 601::bigint, 'and is taken');
select is(pg_temp.all_of(:one_by_one), pg_temp.all_of(:at_once), 'one by one they make the same rows, hours, days and slots as at once');
select ok((select jsonb_array_length(a -> 'raw') = 601 and jsonb_array_length(a -> 'days') >= 4 from pg_temp.all_of(:at_once) as a), 'and there is something to compare');
select is((select count(*) from passages, lateral pg_temp.one(n, pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + minute * interval '1 minute', dur, "in", "out")) as answer
            where answer -> 'rejected' = '[]'), 601::bigint, 'all of it once more');
select is(pg_temp.all_of(:one_by_one), pg_temp.all_of(:at_once), 'changes nothing');

-- A reading that is there already.
select pg_temp.plain(pg_temp.sensor(), :'begins', 0, 0, 0) as first \gset
select is(pg_temp.codes(pg_temp.one(700, :'first'::jsonb || '{"in": "9"}')), 'conflict', 'other content of the same order is rejected');
select is(pg_temp.one(701, :'first'::jsonb || '{"in": "9", "rev": "2"}') -> 'rejected', '[]', 'a correction is taken');
select is(pg_temp.one(702, :'first'::jsonb) -> 'rejected', '[]', 'what it corrected comes again');
select is((select count_in from data.people_counting_raw where store_id = :one_by_one and started_at = :'begins'), 9, 'and does not come back');
select is(pg_temp.one(703, pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + interval '30 seconds', 60000, 1, 0)
  || jsonb_build_object('rev', '2', 'moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(:'begins'::timestamptz + interval '14 minutes'))))) -> 'rejected', '[]', 'a reading gets another start');
select pg_temp.one(704, pg_temp.plain(pg_temp.sensor(), :'begins'::timestamptz + interval '14 minutes', 60000, 2, 2)) \g /dev/null
select is_empty(format('select 1 from data.people_counting_raw where store_id = %s and started_at = %L', :one_by_one, :'begins'::timestamptz + interval '14 minutes'),
  'and nothing older is taken at the one it left');

-- What is wrong with a plain reading is its time or its sensor.
select is(pg_temp.codes(pg_temp.one(705, pg_temp.plain('999999999', :'begins', 0, 0, 0))), 'unknown_sensor', 'a sensor that does not exist');
select is(pg_temp.codes(pg_temp.one(706, pg_temp.plain((select id::text from data.sensor_metadata where store_id = :at_once and serial = 'A'), :'begins', 0, 0, 0))),
  'foreign_sensor', 'a sensor of another store');
insert into data.gateways (organization_id, store_id, name) select organization_id, store_id, 'second' from data.gateways where store_id = pg_temp.store();
insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name)
  select organization_id, store_id, id, 'C', 'C' from data.gateways where store_id = pg_temp.store() and name = 'second';
select is(pg_temp.codes(pg_temp.one(707, pg_temp.plain((select id::text from data.sensor_metadata where store_id = :one_by_one and serial = 'C'), :'begins', 0, 0, 0))),
  'not_owner', 'a sensor of another gateway');
select is(pg_temp.codes(pg_temp.one(708, pg_temp.plain(pg_temp.sensor(), now() + interval '25 hours', 0, 0, 0))), 'future', 'more than a day ahead');
select is(pg_temp.codes(pg_temp.one(709, pg_temp.plain(pg_temp.sensor(), now() + interval '23 hours', 7200000, 0, 0))), 'future', 'ending more than a day ahead');
select is(pg_temp.codes(pg_temp.one(710, pg_temp.plain(pg_temp.sensor(), private.retention_horizon() - interval '1 ms', 0, 0, 0))), 'too_old', 'before the horizon');
select is(pg_temp.one(711, pg_temp.plain(pg_temp.sensor(), private.retention_horizon(), 0, 0, 0)) -> 'rejected', '[]', 'the horizon itself is taken');
update data.organizations o set settings = o.settings || '{"raw_retention_months": 2}' from data.stores s where s.id = :one_by_one and o.id = s.organization_id;
select is(pg_temp.codes(pg_temp.one(712, pg_temp.plain(pg_temp.sensor(), date_trunc('month', now() - interval '2 months', 'UTC') - interval '1 ms', 0, 0, 0))), 'too_old',
  'the horizon is the tenant''s');
do $$
begin
  execute (select format('drop table partitions.%I', b.partition_name) from private.partition_bounds b
            where b.table_name = 'people_counting_raw' and b.from_at <= now() + interval '1 hour' and now() + interval '1 hour' < b.to_at);
end $$;
select throws_ok(format('select pg_temp.one(713, pg_temp.plain(pg_temp.sensor(), %L, 0, 0, 0))', now() + interval '1 hour'), 'PT503', null, 'a missing partition refuses the request');

-- The shorter way is for what is surely right: all that only looks like it is told apart as ever.
create function pg_temp.complaint(body jsonb, series jsonb default '{}') returns text
language sql as $$
  select private.sync_complaint('{"v": 1, "epoch": "e", "after": 0, "to": 1}' || jsonb_build_object('series', jsonb_build_array(
    '{"sensor": 1, "line": "1", "t": 5, "dur": 5, "in": "1", "out": "1"}' || series)) || body);
$$;
select is(pg_temp.complaint('{}'), null, 'a plain request is understood');
select matches(pg_temp.complaint(body::jsonb, series::jsonb), complaint, format('not %s%s', body, series))
  from (values ('{"v": "1"}', '{}', '^v must'), ('{"epoch": ""}', '{}', '^epoch'), (format('{"epoch": "%s"}', repeat('e', 65)), '{}', '^epoch'),
               ('{"after": 0.0}', '{}', 'whole numbers$'), ('{"to": 1.0}', '{}', 'whole numbers$'), ('{"after": 1}', '{}', '^series need'), ('{"after": 2}', '{}', '0 <= after <= to$'),
               ('{"liveness": {}}', '{}', '^liveness'), ('{}', '{"t": 5.0}', 't must'), ('{}', '{"dur": 1.5}', 'dur must'), ('{}', '{"dur": null}', 'dur must'), ('{}', '{"in": ["1"]}', 'in must'),
               ('{}', '{"line": ["1"]}', 'line and region'), ('{}', '{"region": "1"}', 'exactly one'), ('{}', '{"occ": "1"}', 'no occ'), ('{}', '{"seq": "0,0"}', 'differ in length'))
       as wrong (body, series, complaint);

select * from finish();
rollback;
