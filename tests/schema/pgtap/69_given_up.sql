\ir setup.psql
select plan(14);
select pg_temp.become_store('given up') \g /dev/null
select pg_temp.sync(0, 10, '[]') \g /dev/null
create function pg_temp.tell(entries jsonb, upto bigint default 10, epoch text default 'first') returns jsonb
language sql as $$ select pg_temp.sync(upto, upto, '[]', jsonb_build_object('given_up', entries, 'epoch', epoch)) -> 'given_up' $$;
create function pg_temp.entry(more jsonb default '{}') returns jsonb
language sql as $$ select jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 'day', '2026-07-31', 'readings', 100, 'in', 40, 'out', 30) || more $$;
create function pg_temp.kept() returns text
language sql as $$
  select coalesce(string_agg(format('%s %s: %s, %s in, %s out', label, day, readings, count_in, count_out), '; ' order by label, day, epoch), 'none')
    from private.given_up where store_id = pg_temp.store();
$$;

select ok(not pg_temp.sync(10, 10, '[]') ? 'given_up', 'a request without it is answered as before');
select is(pg_temp.tell(jsonb_build_array(pg_temp.entry())), '{"taken": 1, "ignored": 0}', 'what was given up is taken');
select is(pg_temp.kept(), '1 2026-07-31: 100, 40 in, 30 out', 'and kept by series and day');
select pg_temp.tell(jsonb_build_array(pg_temp.entry())) \g /dev/null
select is(pg_temp.kept(), '1 2026-07-31: 100, 40 in, 30 out', 'however often it comes');
select pg_temp.tell(jsonb_build_array(pg_temp.entry('{"readings": 150, "in": 60}'))) \g /dev/null
select pg_temp.tell(jsonb_build_array(pg_temp.entry('{"readings": 120, "in": 50}'))) \g /dev/null
select is(pg_temp.kept(), '1 2026-07-31: 150, 60 in, 30 out', 'a day that loses more says so, and a late repeat takes nothing back');
select pg_temp.tell(jsonb_build_array(pg_temp.entry('{"readings": 7, "in": 1, "out": 0}')), 10, 'second') \g /dev/null
select is(pg_temp.kept(), '1 2026-07-31: 150, 60 in, 30 out; 1 2026-07-31: 7, 1 in, 0 out', 'another card''s loss is another one');
select is(pg_temp.tell('"all"'), '{"taken": 0, "first": "given_up must be an array", "ignored": 1}', 'what is no list is named');
select is(pg_temp.tell(jsonb_build_array(pg_temp.entry('{"day": "2026-02-30"}'), pg_temp.entry('{"line": "2"}'))),
          '{"taken": 1, "first": "given_up[0]: day must be a date, and not ahead", "ignored": 1}', 'a day that does not exist is named, the rest taken');
select is(pg_temp.tell(jsonb_build_array(pg_temp.entry(wrong::jsonb))) ->> 'first', 'given_up[0]: ' || said, format('%s is refused', wrong))
  from (values ('{"day": "9999-01-01"}', 'day must be a date, and not ahead'), ('{"readings": 0}', 'readings, in and out must be whole numbers'),
               ('{"in": -1}', 'readings, in and out must be whole numbers'), ('{"region": "x"}', 'needs exactly one of line and region'),
               ('{"sensor": 1234567}', 'its sensor is not known here')) as w (wrong, said);
select is((private.explained_surroundings(pg_temp.store(), s, '2026-07-31', '2026-08-01', '1') -> 'given_up' -> 0) ->> 'readings', '150', 'explain_counts tells it')
  from data.sensor_metadata s where s.store_id = pg_temp.store() and s.serial = 'A';

select * from finish();
rollback;
