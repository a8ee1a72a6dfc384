\ir setup.psql
select plan(27);

-- A sensor of another store, and one of another gateway in the own store.
select pg_temp.become_store('neighbour') \g /dev/null
select pg_temp.sync(0, 1, '[]') \g /dev/null
select pg_temp.door('A') as foreign_door, id as foreign_id from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
select pg_temp.become_store('rejected') \g /dev/null
insert into data.gateways (organization_id, store_id, name) select organization_id, store_id, 'second' from data.gateways where store_id = pg_temp.store();
insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name)
  select organization_id, store_id, id, 'C', 'C' from data.gateways where store_id = pg_temp.store() and name = 'second';
select id as other_id from data.sensor_metadata where store_id = pg_temp.store() and serial = 'C' \gset

create function pg_temp.verdict(more jsonb) returns text
language plpgsql as $$
declare
  answer jsonb := pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1, 1, more), pg_temp.reading(pg_temp.monday() + interval '1 day', 1)));
begin
  if answer -> 'watermark' is distinct from '1' then
    return answer::text;
  end if;
  return pg_temp.codes(answer);
end $$;

select is(pg_temp.verdict('{"sensor": "00000000-0000-0000-0000-000000000001"}'), 'unknown_sensor', 'a public id nobody declared');
select is(pg_temp.verdict('{"sensor": 999999999}'), 'unknown_sensor', 'a compact id that does not exist');
select is(pg_temp.verdict('{"sensor": 1.5}'), 'unknown_sensor', 'a broken compact id');
select is(pg_temp.verdict('{"sensor": 1e30}'), 'unknown_sensor', 'an enormous compact id');
select is(pg_temp.verdict('{"sensor": "nonsense"}'), 'unknown_sensor', 'a text that is no id');
select is(pg_temp.verdict(jsonb_build_object('sensor', :foreign_id)), 'foreign_sensor', 'a sensor of another store by its compact id');
select is(pg_temp.verdict(jsonb_build_object('sensor', :'foreign_door')), 'foreign_sensor', 'and by its public id');
select is(pg_temp.verdict(jsonb_build_object('sensor', :other_id)), 'not_owner', 'a sensor of another gateway');
select is(pg_temp.verdict(jsonb_build_object('t', pg_temp.ms(now() + interval '25 hours'))), 'future', 'more than a day ahead');
select is(pg_temp.verdict(jsonb_build_object('t', pg_temp.ms(now() + interval '23 hours'))), '', 'less than a day ahead is taken');
select is(pg_temp.verdict(jsonb_build_object('dur', 86400000::bigint * 30)), 'future', 'ending more than a day ahead');
select is(pg_temp.verdict(jsonb_build_object('t', pg_temp.ms(private.retention_horizon()) - 1)), 'too_old', 'before the horizon');
select is(pg_temp.verdict(jsonb_build_object('t', pg_temp.ms(private.retention_horizon()))), '', 'the horizon itself is taken');
select is(pg_temp.verdict('{"t": -99999999999999}'), 'too_old', 'a start in ancient times');
select is(pg_temp.verdict('{"t": 999999999999999}'), 'bad_value', 'a start in the year 33658');
select is(pg_temp.verdict('{"in": "-1"}'), 'negative', 'a negative count');
select is(pg_temp.verdict('{"dur": -1}'), 'negative', 'a negative duration');
select is(pg_temp.verdict('{"in": "x"}'), 'bad_value', 'a count that is no number');
select is(pg_temp.verdict('{"in": "1e3"}'), 'bad_value', 'a count in another notation');
select is(pg_temp.verdict('{"in": "99999999999"}'), 'bad_value', 'a count out of range');
select is(pg_temp.verdict('{"rev": "0"}') || pg_temp.verdict('{"rev": "32768"}'), 'bad_valuebad_value', 'a revision out of range');
select is(pg_temp.verdict('{"seq": "40000"}') || pg_temp.verdict('{"seq": "-1"}'), 'bad_valuebad_value', 'a seq out of range');
select is(pg_temp.verdict(jsonb_build_object('line', repeat('x', 65))), 'bad_value', 'a line with an endless name');
select is(pg_temp.verdict('{"dur": 34560000001}'), 'too_long', 'more than 400 days');

-- Each beside a good reading, which was taken every time.
select ok((select count(*) > 0 from data.people_counting_raw where store_id = pg_temp.store() and started_at = pg_temp.monday() + interval '1 day'),
  'the good reading beside them is taken');
select is(pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 day', 2))) -> 'rejected',
  jsonb_build_array(jsonb_build_object('s', 0, 'k', 0, 'code', 'conflict', 'message', 'HQ has other content for this reading at the same revision')),
  'the same order with other content, by position and in words');
select is(pg_temp.differences(), 0::bigint, 'and the roll-ups are what the raw rows add up to');

select * from finish();
rollback;
