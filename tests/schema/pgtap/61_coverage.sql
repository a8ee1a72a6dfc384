\ir setup.psql
select plan(26);
select pg_temp.become_store('coverage') \g /dev/null

-- Instants as minutes after a Monday's nine o'clock.
create function pg_temp.at(minute integer) returns bigint
language sql as $$ select pg_temp.ms(pg_temp.monday() + minute * interval '1 minute') $$;
create function pg_temp.span(a integer, b integer, state text default 'counting') returns jsonb
language sql as $$ select jsonb_build_array(pg_temp.at(a), pg_temp.at(b), state) $$;
create function pg_temp.stated(rev integer, spans jsonb, more jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object('coverage', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'spans', spans)
         || case when rev is null then '{}' else jsonb_build_object('rev', rev) end || more));
$$;
create function pg_temp.picture() returns text
language sql as $$
  select coalesce(string_agg(format('%s-%s %s', extract(epoch from from_at - pg_temp.monday())::integer / 60,
                                    extract(epoch from to_at - pg_temp.monday())::integer / 60, state), ', ' order by from_at), '')
    from private.coverage where store_id = pg_temp.store() and label = '1';
$$;

select is(pg_temp.sync(0, 1, '[]', pg_temp.stated(1, pg_temp.span(0, 60) #- '{9}')) -> 'coverage' ->> 'first', 'coverage[0]: a span is [from, to, state], whole milliseconds and a text',
  'spans that are no spans are named');
select ok(not pg_temp.sync(0, 1, '[]') ? 'coverage', 'who states nothing is answered nothing');
select is(pg_temp.sync(0, 1, '[]', pg_temp.stated(1, jsonb_build_array(pg_temp.span(0, 60)))) -> 'coverage', '{"taken": 1, "ignored": 0}', 'a span is taken');
select is(pg_temp.picture(), '0-60 counting', 'and kept');
select is(pg_temp.sync(0, 1, '[]', pg_temp.stated(1, jsonb_build_array(pg_temp.span(0, 60)))) #> '{coverage,taken}', '1', 'the same again');
select is(pg_temp.picture(), '0-60 counting', 'changes nothing');
select pg_temp.sync(1, 2, '[]', pg_temp.stated(2, jsonb_build_array(pg_temp.span(0, 90)))) \g /dev/null
select is(pg_temp.picture(), '0-90 counting', 'a span that has grown replaces itself');
select pg_temp.sync(2, 3, '[]', pg_temp.stated(4, jsonb_build_array(pg_temp.span(30, 40, 'down')))) \g /dev/null
select is(pg_temp.picture(), '0-30 counting, 30-40 down, 40-90 counting', 'a newer statement cuts into an older one');
select pg_temp.sync(2, 3, '[]', pg_temp.stated(3, jsonb_build_array(pg_temp.span(20, 50, 'down'), pg_temp.span(85, 100)))) \g /dev/null
select is(pg_temp.picture(), '0-20 counting, 20-30 down, 30-40 down, 40-50 down, 50-85 counting, 85-100 counting', 'an older one that comes late shows only where no newer one lies');
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'second card', 'config_version', 0, 'after', 0, 'to', 1) || pg_temp.stated(1, jsonb_build_array(pg_temp.span(0, 100)))) \g /dev/null
select is(pg_temp.picture(), '0-100 counting', 'a new card''s statements come before the old one''s');
select pg_temp.sync(3, 4, '[]', pg_temp.stated(9, jsonb_build_array(pg_temp.span(10, 20, 'down')))) \g /dev/null
select is(pg_temp.picture(), '0-100 counting', 'whose late ones show no more');
select pg_temp.sync(4, 5, '[]', pg_temp.stated(null, jsonb_build_array(pg_temp.span(100, 110, 'down')))) \g /dev/null
select is((select revision from private.coverage where store_id = pg_temp.store() and state = 'down'), 5::bigint, 'without a revision the number of the change orders');

-- In whatever order: the newest statement on top, worked out minute by minute.
create function pg_temp.minutes(label text) returns text
language sql as $$
  select string_agg(coalesce((select left(c.state, 1) from private.coverage c where c.store_id = pg_temp.store() and c.label = minutes.label
                                and c.from_at <= pg_temp.monday() + m * interval '1 minute' and c.to_at > pg_temp.monday() + m * interval '1 minute'), '-'), '' order by m)
    from generate_series(0, 119) m;
$$;
create table pg_temp.statements as
  select n as rev, a, a + 1 + floor(random() * 40)::integer as b, (array['counting', 'down'])[1 + n % 2] as state
    from (select n, floor(random() * 80)::integer as a, setseed(0.4) from generate_series(1, 60) n) s;
select pg_temp.sync(5, 6, '[]', pg_temp.stated(rev, jsonb_build_array(pg_temp.span(a, b, state)), jsonb_build_object('line', 'forth'))) from pg_temp.statements order by rev \g /dev/null
select pg_temp.sync(5, 6, '[]', pg_temp.stated(rev, jsonb_build_array(pg_temp.span(a, b, state)), jsonb_build_object('line', 'shuffled'))) from pg_temp.statements order by md5(rev::text) \g /dev/null
select is(pg_temp.minutes('shuffled'), pg_temp.minutes('forth'), 'any order of arrival gives the same picture');
select is(pg_temp.minutes('forth'), (select string_agg(coalesce((select left(s.state, 1) from pg_temp.statements s where s.a <= m and s.b > m order by s.rev desc limit 1), '-'), '' order by m) from generate_series(0, 119) m),
  'that of the newest statement for each minute');
select is((select count(*) from private.coverage a join private.coverage b using (store_id, sensor_id, regional, label)
            where a.from_at < b.from_at and a.to_at > b.from_at), 0::bigint, 'no spans of one series overlap');

-- What was stated at a wrong time is taken back there, and stays so when the old statement comes again.
select pg_temp.sync(5, 6, '[]', pg_temp.stated(101, jsonb_build_array(pg_temp.span(200, 260)), '{"line": "moved"}')) \g /dev/null
select pg_temp.sync(5, 6, '[]', pg_temp.stated(102, jsonb_build_array(pg_temp.span(200, 260, 'unknown')), '{"line": "moved"}')) \g /dev/null
select pg_temp.sync(5, 6, '[]', pg_temp.stated(101, jsonb_build_array(pg_temp.span(200, 260)), '{"line": "moved"}')) \g /dev/null
select is((select string_agg(state, ', ') from private.coverage where store_id = pg_temp.store() and label = 'moved'), 'unknown', 'what was taken back stays taken back');
select is((select count(*) from private.day_coverage(array[pg_temp.store()], pg_temp.monday()::date - 1, pg_temp.monday()::date + 1) where label = 'moved'), 0::bigint,
  'and a day of which only that was stated has no share');

-- Nonsense never refuses a reading.
create function pg_temp.beside(coverage jsonb) returns text
language sql as $$
  select coalesce(pg_temp.codes(answer), '') || coalesce(answer #>> '{coverage,first}', answer #>> '{error,message}', 'no complaint')
    from pg_temp.sync(6, 7, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 3)), jsonb_build_object('coverage', coverage)) as answer;
$$;
select matches(pg_temp.beside(coverage::jsonb), message, left(coverage, 60)) from (values
  ('7', 'must be an array'), ('[null]', 'is not an object'), ('[{"sensor": {}}]', 'number or a uuid'),
  ('[{"sensor": 1.5, "line": "", "spans": []}]', 'not known'), ('[{"sensor": 1, "line": "", "region": ""}]', 'exactly one'),
  (format('[{"sensor": "%s", "line": "1", "spans": [[%s, %s, "asleep"]]}]', pg_temp.door('A'), pg_temp.at(0), pg_temp.at(1)), 'counting, down or unknown'),
  (format('[{"sensor": "%s", "line": "1", "spans": [[%s, %s, "down"]]}]', pg_temp.door('A'), pg_temp.at(1), pg_temp.at(0)), 'ends after it starts')) as t (coverage, message);
select is((select count_in from data.daily_analytics where store_id = pg_temp.store()), 3::bigint, 'the reading beside them is counted');
select is((pg_temp.sync(7, 8, '[]', pg_temp.stated(3, (select jsonb_agg(pg_temp.span(n, n + 1)) from generate_series(1, 1200) n))) -> 'coverage') - 'first', '{"taken": 1000, "ignored": 200}', 'a request holds a thousand spans');

select * from finish();
rollback;
