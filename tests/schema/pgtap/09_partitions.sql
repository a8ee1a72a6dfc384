\ir setup.psql
select plan(13);

select is((select count(*) from private.ensure_partitions()), 0::bigint, 'what is there is not made again');
select is_empty($$ select b.table_name, b.from_at from private.partition_bounds b
   where b.to_at <> all (select n.from_at from private.partition_bounds n where n.table_name = b.table_name)
     and b.to_at <> (select max(m.to_at) from private.partition_bounds m where m.table_name = b.table_name) $$, 'partitions leave no gap');
select ok(private.partition_reserve_days() between 80 and 140, 'three months and more lie ahead');
select ok((select min(from_at) <= private.retention_horizon() from private.partition_bounds where table_name = 'people_counting_raw'), 'and all of the retention behind');

select pg_temp.become_store('partitions') \g /dev/null
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) \g /dev/null
select b.partition_name as gone from private.partition_bounds b where b.table_name = 'people_counting_raw'
   and pg_temp.monday() - interval '3 months' >= b.from_at and pg_temp.monday() - interval '3 months' < b.to_at \gset
drop table partitions.:gone;
create function pg_temp.into_the_void() returns text
language plpgsql as $$
begin
  return pg_temp.sync(1, 3, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 hour', 1),
                                              pg_temp.reading(pg_temp.monday() - interval '3 months', 1)))::text;
end $$;
select throws_ok('select pg_temp.into_the_void()', 'PT503', null, 'a missing partition fails the whole request as 503');
select is((select count(*) from data.people_counting_raw where store_id = pg_temp.store()), 1::bigint, 'and nothing of it is kept');
select is(pg_temp.sync(1, 1, '[]') -> 'watermark', '1', 'nor confirmed');
select is((select array_agg(p) from private.ensure_partitions() p), array[:'gone'], 'ensure_partitions fills the gap');
select is(pg_temp.codes(pg_temp.into_the_void()::jsonb), '', 'and the same request succeeds');

update private.settings set value = 'week' where key = 'partition_unit';
select lives_ok($$ select private.ensure_partitions(now() + interval '14 months') $$, 'partitions can become weeks');
select is_empty($$ select b.partition_name from private.partition_bounds b join private.partition_bounds c
     on b.table_name = c.table_name and b.partition_name <> c.partition_name and b.from_at < c.to_at and c.from_at < b.to_at $$, 'without overlap');
select is_empty($$ select oid::regclass from pg_class where relnamespace = 'partitions'::regnamespace and relkind = 'r'
    and (not relrowsecurity or has_table_privilege('authenticated', oid, 'select') or has_table_privilege('lintel_gateway', oid, 'select')) $$,
  'every new partition is closed');
update private.settings set value = 'fortnight' where key = 'partition_unit';
select throws_like($$ select private.ensure_partitions() $$, '%must be month, week or day', 'a wrong setting is named');

select * from finish();
rollback;
