\ir setup.psql
select plan(30);

create function pg_temp.at(minutes numeric) returns timestamptz language sql as $$ select pg_temp.monday() + minutes * interval '1 minute' $$;
create function pg_temp.content() returns text
language sql as $$
  select string_agg(format('%s:%s/r%s', extract(epoch from started_at - pg_temp.monday())::integer / 60, count_in, revision), ' ' order by started_at, seq)
    from data.people_counting_raw where store_id = pg_temp.store();
$$;
create function pg_temp.one(after bigint, reading jsonb, epoch text default 'first') returns text
language sql as $$ select pg_temp.codes(pg_temp.sync(after, after + 1, jsonb_build_array(reading), jsonb_build_object('epoch', epoch))) $$;
create function pg_temp.move(rev integer, from_minute integer, to_minute integer, "in" integer) returns jsonb
language sql as $$
  select pg_temp.reading(pg_temp.at(to_minute), "in", rev,
                         jsonb_build_object('moved', jsonb_build_array(jsonb_build_object('k', 0, 't', pg_temp.ms(pg_temp.at(from_minute)), 'seq', 0))));
$$;

-- Revisions.
select pg_temp.become_store('revisions') \g /dev/null
select is(pg_temp.one(0, pg_temp.reading(pg_temp.at(0), 5)), '', 'a reading');
select is(pg_temp.one(1, pg_temp.reading(pg_temp.at(0), 7, 3)), '', 'a later revision of it');
select is(pg_temp.content(), '0:7/r3', 'the later revision stands');
select is(pg_temp.one(1, pg_temp.reading(pg_temp.at(0), 6, 2)), '', 'one in between that comes late');
select is(pg_temp.content(), '0:7/r3', 'does nothing');
select is(pg_temp.one(2, pg_temp.reading(pg_temp.at(0), 8, 3)), 'conflict', 'other content at the same revision is named');
select is(pg_temp.content(), '0:7/r3', 'and not taken');
select is(pg_temp.one(0, pg_temp.reading(pg_temp.at(0), 9, 1), 'second'), '', 'a new card starts over with revision 1');
select is(pg_temp.content(), '0:9/r1', 'and wins');
select is(pg_temp.one(3, pg_temp.reading(pg_temp.at(0), 4, 9)), '', 'what the old card says of it then');
select is(pg_temp.content(), '0:9/r1', 'does nothing');
select is(pg_temp.codes(pg_temp.sync(4, 5, jsonb_build_array(pg_temp.reading(pg_temp.at(1), 1, 1), pg_temp.reading(pg_temp.at(1), 3, 3),
  pg_temp.reading(pg_temp.at(1), 2, 2), pg_temp.reading(pg_temp.at(1), 4, 3)))), 'conflict', 'of many versions in one request');
select is(pg_temp.content(), '0:9/r1 1:3/r3', 'the latest stands, the first of two equal ones');
select is(pg_temp.differences(), 0::bigint, 'roll-ups follow');

-- Moves.
select pg_temp.become_store('moves') \g /dev/null
select pg_temp.one(0, pg_temp.reading(pg_temp.at(0), 5)) \g /dev/null
select is(pg_temp.one(1, pg_temp.move(2, 0, 90, 5)), '', 'a move');
select is(pg_temp.content(), '90:5/r2', 'takes the reading from its old key to the new one');
select is(pg_temp.one(0, pg_temp.reading(pg_temp.at(0), 5)), '', 'the old version that arrives late');
select is(pg_temp.content(), '90:5/r2', 'does not come back');
select is(pg_temp.one(1, pg_temp.move(2, 0, 90, 5)) || pg_temp.content(), '90:5/r2', 'a move can be repeated');
select is(pg_temp.one(2, pg_temp.move(2, 600, 700, 3)) || pg_temp.one(3, pg_temp.reading(pg_temp.at(600), 3)) || pg_temp.content(),
  '90:5/r2 700:3/r2', 'a move that comes before what it moves');
select is(pg_temp.one(4, pg_temp.move(3, 90, 0, 5)) || pg_temp.content(), '0:5/r3 700:3/r2', 'a move back');
select is(pg_temp.one(1, pg_temp.move(2, 0, 90, 5)) || pg_temp.content(), '0:5/r3 700:3/r2', 'is not undone by the first move come late');
select is(pg_temp.differences(), 0::bigint, 'roll-ups follow');

-- A boot whose clock was learnt shifts all its readings by one step: each moves where the next one stood.
select pg_temp.become_store('shift') \g /dev/null
select pg_temp.sync(0, 3, jsonb_build_array(pg_temp.reading(pg_temp.at(0), 1), pg_temp.reading(pg_temp.at(1), 2), pg_temp.reading(pg_temp.at(2), 3))) \g /dev/null
select pg_temp.sync(3, 6, jsonb_build_array(pg_temp.move(2, 0, 1, 1), pg_temp.move(2, 1, 2, 2), pg_temp.move(2, 2, 3, 3))) \g /dev/null
select is(pg_temp.content(), '1:1/r2 2:2/r2 3:3/r2', 'readings that move into each other''s places');
select pg_temp.sync(0, 3, jsonb_build_array(pg_temp.reading(pg_temp.at(0), 1), pg_temp.reading(pg_temp.at(1), 2), pg_temp.reading(pg_temp.at(2), 3))) \g /dev/null
select is(pg_temp.content(), '1:1/r2 2:2/r2 3:3/r2', 'and their old versions replayed');
select is(pg_temp.differences(), 0::bigint, 'roll-ups follow');

-- Voids.
select pg_temp.become_store('voids') \g /dev/null
select pg_temp.one(0, pg_temp.reading(pg_temp.at(0), 5)) \g /dev/null
select is(pg_temp.one(1, pg_temp.reading(pg_temp.at(0), 5, 2, '{"flags": "32"}')) || pg_temp.content(), '0:5/r2', 'a voided reading stays');
select is((select count(*) from data.hourly_analytics where store_id = pg_temp.store())
        + (select count(*) from data.daily_analytics where store_id = pg_temp.store()), 0::bigint, 'and counts nothing');
select pg_temp.one(2, pg_temp.reading(pg_temp.at(0), 5, 3)) \g /dev/null
select is((select count_in from data.daily_analytics where store_id = pg_temp.store()), 5::bigint, 'until it is taken back');
select is(pg_temp.differences(), 0::bigint, 'roll-ups follow');

select * from finish();
rollback;
