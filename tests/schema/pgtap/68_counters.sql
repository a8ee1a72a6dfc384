\ir setup.psql
select plan(42);
select pg_temp.become_store('counters') \g /dev/null

-- Instants as minutes after a Monday's nine o'clock.
create function pg_temp.at(minute integer) returns bigint
language sql as $$ select pg_temp.ms(pg_temp.monday() + minute * interval '1 minute') $$;
create function pg_temp.told(minute integer, "in" jsonb, more jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object('counters', jsonb_build_array(
    jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'at', pg_temp.at(minute), 'in', "in", 'out', '[0]'::jsonb) || more));
$$;
create function pg_temp.kept() returns text
language sql as $$
  select coalesce(string_agg(format('%s@%s', c.state #>> '{in,0}', extract(epoch from c.total_at - pg_temp.monday())::integer / 60), ', '
                             order by c.line), '')
    from private.counter_states c where c.store_id = pg_temp.store();
$$;
-- The same gateway's next card asks; what it is answered, and what HQ holds after it.
create function pg_temp.ask(epoch text, more jsonb default '{}') returns jsonb
language sql as $$
  select pg_temp.call(jsonb_build_object('v', 1, 'epoch', epoch, 'config_version', 0, 'after', 0, 'to', 0, 'want', '["counters"]'::jsonb) || more)
         #> '{counters,carried}';
$$;
create function pg_temp.carried(answer jsonb) returns text
language sql as $$
  select coalesce(string_agg(format('%s: %s and %s of %s, flags %s', x ->> 'line', x #>> '{state,in,0}', x #>> '{after,in}', x #>> '{after,n}',
                                    x #>> '{after,flags}'), ', ' order by x ->> 'line'), '')
    from jsonb_array_elements(answer) as x;
$$;

select ok(not pg_temp.sync(0, 1, '[]') ? 'counters', 'who says nothing of totals is answered nothing');
select is(pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 5)), pg_temp.told(1, '[105]')) -> 'counters',
  '{"taken": 1, "ignored": 0}', 'a total is taken with the readings that are in it');
select is(pg_temp.kept(), '105@1', 'and kept');
select is(pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 5)), pg_temp.told(1, '[105]')) #> '{counters,taken}', '1', 'the same again');
select is(pg_temp.kept(), '105@1', 'changes nothing');

-- Totals hold every reading up to theirs: with a hole they would tell a new card of people HQ never got.
select is(pg_temp.sync(5, 6, '[]', pg_temp.told(9, '[150]')) -> 'counters',
  '{"taken": 0, "ignored": 1, "first": "counters: HQ does not have every change up to theirs"}', 'beyond a hole they are not taken');
select is(pg_temp.kept(), '105@1', 'and the ones before stay');
select is(pg_temp.sync(2, 6, '[]', pg_temp.told(9, '[150]')) #> '{counters,taken}', '1', 'once the hole is filled they are');
select pg_temp.sync(2, 3, '[]', pg_temp.told(2, '[110]')) \g /dev/null
select is(pg_temp.kept(), '150@9', 'older ones that come late are not');
select pg_temp.sync(2, 6, '[]', pg_temp.told(8, '[149]')) \g /dev/null
select is(pg_temp.kept(), '150@9', 'nor older ones of the same change');

-- What is wrong is named, and neither refuses a reading nor the totals beside it.
create function pg_temp.complaint(wrong jsonb) returns text
language sql as $$ select pg_temp.sync(6, 6, '[]', jsonb_build_object('counters', jsonb_build_array(wrong))) #>> '{counters,first}' $$;
create function pg_temp.entry(more jsonb) returns jsonb
language sql as $$ select pg_temp.told(9, '[150]') #> '{counters,0}' || more $$;
select is(pg_temp.complaint('7'), 'counters[0]: is not an object', 'what is no object');
select is(pg_temp.complaint(pg_temp.entry('{"sensor": true}')), 'counters[0]: sensor must be a number or a uuid', 'a sensor that is none');
select is(pg_temp.complaint(pg_temp.entry('{"sensor": 999999999}')), 'counters[0]: its sensor is not known here', 'one that is not known');
select is(pg_temp.complaint(pg_temp.entry('{"line": 7}')), 'counters[0]: line and region are texts of at most 64 characters', 'a line that is no text');
select is(pg_temp.complaint(pg_temp.entry('{"at": "now"}')), 'counters[0]: at must be a whole number of milliseconds', 'an instant that is none');
select is(pg_temp.complaint(pg_temp.entry(jsonb_build_object('at', pg_temp.ms(now() + interval '2 days')))), 'counters[0]: at is more than a day ahead', 'one ahead');
select is(pg_temp.complaint(pg_temp.entry('{"in": [-1]}')), 'counters[0]: in and out are [total, since, busiest], whole numbers from 0', 'a negative total');
select is(pg_temp.complaint(pg_temp.entry('{"out": [1, 2, 3, 4]}')), 'counters[0]: in and out are [total, since, busiest], whole numbers from 0', 'too many numbers');
select is(pg_temp.complaint(pg_temp.entry('{"gap": 1.5}')), 'counters[0]: gap must be a whole number of milliseconds', 'half a millisecond');
select is(pg_temp.complaint(pg_temp.entry('{"run": 5}')), 'counters[0]: run is a text of at most 200 characters', 'a run that is no text');
select is(pg_temp.complaint(pg_temp.entry(jsonb_build_object('more', repeat('x', 2000)))), 'counters[0]: is larger than 2000 bytes', 'one that is too large');
select is((select format('%s %s %s', a ->> 'watermark', a -> 'rejected', a #>> '{counters,ignored}')
             from pg_temp.sync(6, 7, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '10 minutes', 3)), '{"counters": "all"}') as a),
  '7 [] 1', 'totals that are no list stop no reading');
select is(pg_temp.sync(7, 8, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '20 minutes', 4)),
                       jsonb_build_object('counters', jsonb_build_array('null'::jsonb, pg_temp.entry(jsonb_build_object('line', 'other'))))) -> 'counters',
  '{"taken": 1, "ignored": 1, "first": "counters[0]: is not an object"}', 'a good one beside a bad one is taken');
select is((select sum(count_in) from data.people_counting_raw where store_id = pg_temp.store()), 12::bigint, 'and all readings are there');

-- A new card: totals as told, and what HQ got after them.
select pg_temp.sync(8, 9, jsonb_build_array(
  -- That very instant's passage is in the total; the other is recovered, and was voided by hand.
  pg_temp.reading(pg_temp.monday() + interval '9 minutes', 2, 1, '{"dur": 0}'),
  pg_temp.reading(pg_temp.monday() + interval '11 minutes', 6, 1, '{"flags": "34"}'))) \g /dev/null
select is(pg_temp.carried(pg_temp.ask('first')), '', 'the card that told them is not told them');
select is(pg_temp.carried(pg_temp.ask('second')), '1: 150 and 13 of 3, flags 34, other: 150 and 0 of 0, flags 0',
  'the next one gets them, with all readings that start later');
select is((pg_temp.ask('second') -> 0) - '{state,after}'::text[], jsonb_build_object('sensor', pg_temp.door('A'), 'serial', 'A', 'line', '1'), 'named by sensor, device and line');
select is(pg_temp.ask('second') #>> '{0,after,end}', pg_temp.at(21)::text, 'and the end of the last reading');
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'second', 'config_version', 0, 'after', 0, 'to', 1,
  'sensors', jsonb_build_array(jsonb_build_object('id', pg_temp.door('A'), 'serial', 'A', 'name', 'Door A')),
  'series', jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '30 minutes', 100)))) \g /dev/null
select is(pg_temp.carried(pg_temp.ask('second')), '1: 150 and 13 of 3, flags 34, other: 150 and 0 of 0, flags 0',
  'what it sends itself does not change them, however often it asks');
select is(pg_temp.carried(pg_temp.ask('third')), '1: 150 and 113 of 4, flags 34, other: 150 and 0 of 0, flags 0', 'but for the one after it');
select is(pg_temp.sync(9, 10, '[]', pg_temp.told(50, '[999]')) -> 'counters',
  '{"taken": 0, "ignored": 1, "first": "counters: a newer database of this gateway goes on from them"}', 'the first card tells nothing any more');
select is(pg_temp.kept(), '150@9, 150@9', 'and what was handed over stays');
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'third', 'config_version', 0, 'after', 0, 'to', 1) || pg_temp.told(60, '[300]')) \g /dev/null
select is(pg_temp.kept(), '300@60, 150@9', 'the third card has gone on');

-- Another device behind the door knows nothing of the old one's totals.
update data.sensor_metadata set serial = 'A2' where store_id = pg_temp.store() and serial = 'A';
select is(pg_temp.carried(pg_temp.ask('fourth')), '', 'a new device does not go on from the old one''s totals');
update data.sensor_metadata set serial = 'A' where store_id = pg_temp.store() and serial = 'A2';

-- With the lease, the totals go to the other gateway of the store.
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'fourth', 'config_version', 0, 'after', 0, 'to', 1,
  'series', jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '70 minutes', 8))) || pg_temp.told(65, '[310]')) \g /dev/null
insert into data.gateways (organization_id, store_id, name)
  select organization_id, id, 'Annex' from data.stores where id = pg_temp.store() returning set_config('test.annex', public_id::text, true) \g /dev/null
update data.sensor_metadata set gateway_id = (select id from data.gateways where public_id = current_setting('test.annex')::uuid)
 where store_id = pg_temp.store() and serial = 'A';
select is(pg_temp.carried(pg_temp.ask('fourth')), '', 'who has lost a sensor is told nothing of it');
select is(pg_temp.sync(1, 1, '[]', pg_temp.told(80, '[400]') || '{"epoch": "fourth"}') #>> '{counters,ignored}', '1', 'and tells nothing of it');
select pg_temp.become_gateway(current_setting('test.annex')::uuid) \g /dev/null
select matches(pg_temp.carried(pg_temp.ask('annex')), '^1: 310 and 8 of 1, flags 0', 'who owns it now goes on from what both have told');

-- Whatever goes wrong with totals, a new card's request is served, and an old sum is not given out.
set local client_min_messages = error;
alter function private.hand_over(integer, bigint, integer) rename to hand_over_gone;
select is(pg_temp.call('{"v": 1, "epoch": "annex 2", "config_version": 0, "after": 0, "to": 3, "want": ["counters"]}') -> 'watermark', '3', 'totals that cannot be added up stop no card');
alter function private.hand_over_gone(integer, bigint, integer) rename to hand_over;
set local client_min_messages = warning;
select is(pg_temp.carried(pg_temp.ask('annex 2')), '', 'which begins anew');

-- The newest of a backlog, and then nothing more.
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'annex 2', 'config_version', 0, 'after', 10, 'to', 11,
  'series', jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '90 minutes', 5)))) \g /dev/null
select is((pg_temp.ask('annex 3') #> '{0,after}') - 'end', '{"n": 2, "in": 13, "out": 0, "flags": 0, "hole": true}', 'who goes on is told of the hole');

update private.counter_states set total_at = private.retention_horizon() - interval '1 day' where store_id = pg_temp.store() and line = '1';
select private.maintain() \g /dev/null
select is(pg_temp.kept(), '150@9', 'totals behind the horizon are forgotten');
select is_empty($$ select r from unnest('{anon,authenticated,lintel_gateway,lintel_hq}'::name[]) as r where has_table_privilege(r, 'private.counter_states', 'select') $$,
  'nobody reads them');
select * from finish();
rollback;
