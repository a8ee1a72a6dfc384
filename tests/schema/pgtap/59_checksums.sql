\ir setup.psql
select plan(16);
select pg_temp.become_store('checksums') \g /dev/null
select date_trunc('day', pg_temp.monday(), 'UTC') as day \gset
create function pg_temp.compared(series jsonb, t bigint) returns jsonb
language sql as $$ select pg_temp.sync(3, 3, '[]', jsonb_build_object('checksums', jsonb_build_array(jsonb_build_object('t', t, 'series', series)))) -> 'checksums' $$;
-- The formula of SYNC.md, written down once more.
create function pg_temp.h(at timestamptz, dur bigint, "in" bigint, "out" bigint, seq bigint default 0, flags bigint default 0) returns bigint
language sql as $$ select (pg_temp.ms(at) % 86400000 + 1) * (1 + "in" % 1000003 * 31 + "out" % 1000003 * 1009 + dur % 1000003 * 17 + seq * 7919 + flags * 104729) % 2147483629 $$;
create function pg_temp.line(n bigint, h bigint, more jsonb default '{"line": "1"}') returns jsonb
language sql as $$ select jsonb_build_object('sensor', pg_temp.door('A'), 'n', n, 'h', h) || more $$;

select is(pg_temp.compared('[]', pg_temp.ms(:'day')), jsonb_build_array(jsonb_build_object('t', pg_temp.ms(:'day'), 'equal', true)), 'a day without readings is equal to none');
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 4))) \g /dev/null
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 minute', 7, 1, '{"flags": "2", "out": ""}'))) \g /dev/null
select pg_temp.sync(2, 3, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'till', 't', pg_temp.ms(pg_temp.monday()), 'd', '0', 'occ', '9'))) \g /dev/null
select pg_temp.h(pg_temp.monday(), 60000, 5, 1) + pg_temp.h(pg_temp.monday() + interval '1 minute', 60000, 8, 0, 0, 2) as lines, pg_temp.h(pg_temp.monday(), 0, 10, 0) as till \gset
select pg_temp.line(1, :till, '{"region": "till"}') as till_entry \gset
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(2, :lines), :'till_entry'::jsonb), pg_temp.ms(:'day')) #> '{0,equal}', 'true', 'both ends say the same');
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(3, :lines), :'till_entry'::jsonb), pg_temp.ms(:'day')) #> '{0,differs}',
  jsonb_build_array(pg_temp.line(2, :lines)), 'a reading that HQ lacks is a difference of its series, with what HQ has');
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(2, :lines + 1), :'till_entry'::jsonb), pg_temp.ms(:'day')) #>> '{0,differs,0,line}', '1', 'another content as well');
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(2, :lines)), pg_temp.ms(:'day')) #> '{0,differs}',
  jsonb_build_array(:'till_entry'::jsonb), 'and a series that the gateway does not name');
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(2, :lines), :'till_entry'::jsonb, pg_temp.line(1, 1, '{"line": "9"}')), pg_temp.ms(:'day')) #> '{0,differs}',
  jsonb_build_array(pg_temp.line(0, 0, '{"line": "9"}')), 'and one that HQ has never seen');
select is(jsonb_array_length(pg_temp.compared('[]', pg_temp.ms(:'day')) #> '{0,differs}'), 2, 'a gateway that has nothing is told of everything');
select is(pg_temp.compared('[]', pg_temp.ms(:'day') + 86400000) #> '{0,equal}', 'true', 'another day is another day');
select is(pg_temp.compared('[]', 86400000) #>> '{0,code}', 'too_old', 'what is past the horizon is not compared');
select is(pg_temp.compared(series, t) #>> '{0,code}', 'malformed', label) from (values
  ('[]'::jsonb, 5::bigint, 'a day begins at midnight UTC'), ('7', 86400000, 'series is a list'), ('[{"sensor": "x", "line": "", "n": 1, "h": 1}]', 86400000, 'of sensors by uuid'),
  (jsonb_build_array(pg_temp.line(1, 1, '{}')), 86400000, 'with line or region')) as t (series, t, label);
select is(pg_temp.sync(3, 3, '[]', '{"checksums": 7}') -> 'checksums', '[]', 'what is no list compares nothing and refuses nothing');
-- Another card's readings are not this one's business.
select pg_temp.call(jsonb_build_object('v', 1, 'epoch', 'second', 'config_version', 0, 'after', 0, 'to', 0,
  'checksums', jsonb_build_array(jsonb_build_object('t', pg_temp.ms(:'day'), 'series', '[]'::jsonb)))) #> '{checksums,0,equal}' as other \gset
select ok(:'other'::boolean, 'readings of an earlier card are not held against a new one');

-- The sensor's lease goes to another gateway of the store.
insert into data.gateways (organization_id, store_id, name) select organization_id, store_id, 'second' from data.gateways where public_id = current_setting('test.gateway')::uuid
  returning id as second \gset
update data.sensor_metadata set gateway_id = :second where public_id = pg_temp.door('A');
select is(pg_temp.compared(jsonb_build_array(pg_temp.line(2, :lines), :'till_entry'::jsonb), pg_temp.ms(:'day')) #> '{0,equal}', 'true', 'a sensor that is another gateway''s by now is not held against this one');

select * from finish();
rollback;
