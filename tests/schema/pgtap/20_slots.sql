\ir setup.psql
select plan(14);

select pg_temp.become_store('slots') \g /dev/null
create function pg_temp.slots() returns text
language sql as $$
  select string_agg(format('%s:%s%s/%s', t.slot, case when t.regional then 'region ' else 'line ' end, t.label, t.seq), ', ' order by t.slot)
    from private.slots t where t.store_id = pg_temp.store();
$$;

select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
select is(pg_temp.slots(), '1:line 1/0', 'a first reading gives its series a slot');
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 minute', 2))) \g /dev/null
select is(pg_temp.slots(), '1:line 1/0', 'the next one uses it');
select pg_temp.sync(2, 3, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 4, 1, '{"seq": "1"}'),
                                            pg_temp.reading(pg_temp.monday(), 8, 1, '{"line": "2"}'))) \g /dev/null
select is(pg_temp.slots(), '1:line 1/0, 2:line 1/1, 3:line 2/0', 'another seq and another line are other slots');
select pg_temp.sync(3, 4, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', '1', 't', pg_temp.ms(pg_temp.monday()), 'occ', '5'))) \g /dev/null
select is(pg_temp.slots(), '1:line 1/0, 2:line 1/1, 3:line 2/0, 4:region 1/0', 'a region is no line of the same name');
select is((select count(*) from data.people_counting_raw where store_id = pg_temp.store()), 4::bigint, 'readings of one instant stay apart');
select is((select count_in from data.hourly_analytics where store_id = pg_temp.store() and line = '1'), 7::bigint, 'and every seq counts in the bucket');
select pg_temp.sync(4, 5, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 104, 2, '{"seq": "1"}'))) \g /dev/null
select is((select count_in from data.hourly_analytics where store_id = pg_temp.store() and line = '1'), 107::bigint, 'also when one of them is corrected');
select is(pg_temp.differences(), 0::bigint, 'roll-ups are what the raw rows add up to');
select is_empty($$ select r.* from data.people_counting_raw r left join private.slots t using (store_id, slot)
                    where r.store_id = pg_temp.store() and (t.sensor_id, t.label, t.seq, t.regional) is distinct from (r.sensor_id, r.line, r.seq, false) $$,
  'each row says what its slot says');

-- A gateway gone mad runs out of slots, not of readings it has been sending all along.
insert into private.slots (store_id, slot, sensor_id, regional, label, seq)
select pg_temp.store(), n, 1, false, 'filler', n from generate_series(5, 32766) as n;
select pg_temp.sync(5, 7, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1, 1, '{"line": "3"}'),
                                            pg_temp.reading(pg_temp.monday(), 1, 1, '{"line": "4"}'),
                                            pg_temp.reading(pg_temp.monday() + interval '2 minutes', 16))) as answer \gset
select is(pg_temp.codes(:'answer'), 'too_many_series', 'a series beyond the last slot is refused by name');
select is((:'answer'::jsonb #>> '{rejected,0,s}'), '1', 'the one that came later');
select is((select count(*) from data.people_counting_raw where store_id = pg_temp.store()), 6::bigint, 'and the rest is applied');
select is(:'answer'::jsonb -> 'watermark', '7', 'and confirmed');

select is_empty($$ select i.indexrelid::regclass, sum(a.attlen) from pg_index i
    join pg_attribute a on a.attrelid = i.indexrelid
   where i.indrelid in ('data.people_counting_raw'::regclass, 'data.regional_counting_raw'::regclass)
   group by 1 having sum(a.attlen) > 16 or min(a.attlen) < 0 $$,
  'no key of a raw table is wider than what a B-tree packs tightly');

select * from finish();
rollback;
