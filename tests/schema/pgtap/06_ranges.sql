\ir setup.psql
select plan(20);
select pg_temp.become_store('ranges') \g /dev/null

create function pg_temp.n(k integer) returns jsonb
language sql as $$ select jsonb_build_array(pg_temp.reading(pg_temp.monday() + k * interval '1 minute', k)) $$;

select is(pg_temp.sync(0, 0, '[]') - 'time' - 'config' - 'history' - 'sensors',
  '{"v": 1, "versions": [1, 2], "watermark": 0, "applied": [], "missing": [], "rejected": [], "pace_ms": 0}', 'a new card has nothing yet');
select is(pg_temp.sync(0, 1, pg_temp.n(1)) -> 'watermark', '1', 'the first change is confirmed');
select is(pg_temp.sync(0, 1, pg_temp.n(1)) - 'time' - 'config', pg_temp.sync(0, 1, pg_temp.n(1)) - 'time' - 'config', 'a replay is answered alike');
select is(pg_temp.raw(), to_char(pg_temp.monday() at time zone 'UTC', 'MM-DD') || ' 09:01 1/0 r1', 'and adds nothing');
select is(pg_temp.differences(), 0::bigint, 'to the roll-ups neither');

select is(pg_temp.sync(3, 4, pg_temp.n(4)) -> 'missing', '[[2, 3]]', 'a gap is answered, not refused');
select is(pg_temp.sync(3, 4, pg_temp.n(4)) -> 'watermark', '1', 'and the watermark stays before it');
select is(pg_temp.sync(3, 4, pg_temp.n(4)) -> 'applied', '[[1, 1], [4, 4]]', 'while what came is noted');
select is(pg_temp.sync(0, 3, pg_temp.n(2) || pg_temp.n(3)) -> 'watermark', '4', 'a range that overlaps closes the gap');
select is((select count(*) from data.people_counting_raw where store_id = pg_temp.store()), 4::bigint, 'each reading is there once');
select is(pg_temp.sync(4, 4, '[]') -> 'watermark', '4', 'a request without changes is answered');
select is(pg_temp.sync(9, 9, '[]') -> 'missing', '[[5, 9]]', 'also when HQ has been set back');
select is(pg_temp.sync(4, 9, pg_temp.n(9)) -> 'watermark', '9', 'numbers without an entry count as applied');
select is(pg_temp.sync(9, 10, jsonb_build_array(pg_temp.reading(pg_temp.monday(), -1))) -> 'watermark', '10', 'so do those of rejected readings');

select is(pg_temp.sync(0, 1, pg_temp.n(20), '{"epoch": "second"}') -> 'watermark', '1', 'another epoch has numbers of its own');
select is((select string_agg(epoch || ' ' || ordinal || ' ' || applied::text, ', ' order by ordinal) from private.epochs e
            join data.gateways g on g.id = e.gateway_id where g.store_id = pg_temp.store()), 'first 1 {[1,11)}, second 2 {[1,2)}',
  'and a higher ordinal');
select is(pg_temp.sync(10, 11, pg_temp.n(1)) -> 'watermark', '11', 'the old one still counts');
select is(pg_temp.sync(11, 12, '[]') ->> 'history', private.setting('history'), 'the history is named');
select private.new_history() \g /dev/null
select is(pg_temp.sync(11, 12, '[]') ->> 'history', private.setting('history'), 'and changes when the DBA says so');
select is(pg_temp.differences(), 0::bigint, 'roll-ups are what the raw rows add up to');

select * from finish();
rollback;
