\ir setup.psql
select plan(36);
create function pg_temp.state_of(name text) returns text language sql as $$ select state from monitor.checks where check_name = name $$;
create function pg_temp.says(name text) returns text language sql as $$ select says from monitor.checks where check_name = name $$;

-- A day of readings of two tenants, one with twice as much as the other.
select pg_temp.become_store('large') \g /dev/null
select set_config('test.large', pg_temp.store()::text, true) \g /dev/null
select pg_temp.sync(0, 600, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 't', pg_temp.ms(date_trunc('day', now() - interval '3 days') + interval '9 hours'),
  'step', 60000, 'dur', 60000, 'in', (select string_agg('1', ',') from generate_series(1, 600)), 'out', (select string_agg('0', ',') from generate_series(1, 600))))) \g /dev/null
select pg_temp.become_store('small') \g /dev/null
select pg_temp.sync(0, 300, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', '1', 't', pg_temp.ms(date_trunc('day', now() - interval '3 days') + interval '9 hours'),
  'step', 60000, 'dur', 60000, 'in', (select string_agg('1', ',') from generate_series(1, 300)), 'out', (select string_agg('0', ',') from generate_series(1, 300))))) \g /dev/null
select private.evaluate_fleet() \g /dev/null

-- What each tenant takes.
select results_eq($$ select organization, stores, sensors, series, raw_readings from monitor.organizations where organization like 'Test %' order by 1 $$,
  $$ values ('Test large', 1::bigint, 2::bigint, 1::bigint, 600::bigint), ('Test small', 1, 2, 1, 300) $$, 'each tenant with its stores, sensors and readings');
select results_eq($$ select organization, readings_per_day, raw_bytes_per_day, bucket_bytes_per_day from monitor.organizations where organization like 'Test %' order by 1 $$,
  $$ values ('Test large', 200::bigint, 22880::bigint, 2452::bigint), ('Test small', 100, 11440, 2452) $$, 'what comes a day: three days are known, bytes are those measured for the capacity plan');
select is((select retention_days from monitor.organizations where organization = 'Test large'), 396, 'thirteen months of readings are kept');
select is((select raw_bytes_at_retention from monitor.organizations where organization = 'Test large'), 200 * 1144 * 396 / 10::bigint, 'which come to so much in the end');
update data.organizations set settings = '{"raw_retention_months": 2}' where name = 'Test small';
select is((select retention_days from monitor.organizations where organization = 'Test small'), 61, 'a tenant that keeps them for two months needs less');
select ok((select l.raw_bytes between s.raw_bytes * 2 - 1 and s.raw_bytes * 2 + 1 and s.raw_bytes > 0 from monitor.organizations l, monitor.organizations s
            where l.organization = 'Test large' and s.organization = 'Test small'), 'a partition is shared by the readings in it');
select is((select bucket_bytes from monitor.organizations where organization = 'Test large'), (select bucket_bytes from monitor.organizations where organization = 'Test small'),
  'the buckets by days of series');
select results_eq($$ select raw_bytes, readings_per_day, disk_bytes, days_left from monitor.room $$,
  $$ select sum(raw_bytes)::bigint, sum(readings_per_day)::bigint, null::bigint, null::integer from monitor.organizations $$, 'the room is what they come to; nobody said how large the disk is');
select results_eq($$ select disk_bytes, used_bytes, used_percent from monitor.room_on(10000000000, 2500000000) $$, $$ values (10000000000, 2500000000, 25.0) $$, 'a disk that is stated');
-- Readings 22,880 and 11,440 bytes a day until as many leave as come, buckets 2,452 a day and tenant for good: 39,224 in all.
select ok((select days_left between 36400 and 36500 from monitor.room_on(10000000000, 2500000000)), 'lasts for a century, beyond which nobody reckons');
select is((select days_left from monitor.room_on(10000000, 7000000 - 10 * 39224)), 10, 'readings and buckets fill it until as many readings leave as come');
select is((select days_left from monitor.room_on(10000000, 7000000)), 0, 'one that is 70 % full has no days left');
select is((select days_left from monitor.room_on(10000000, 6960776)), 1, 'a day before, one');
update private.settings set value = '10000000' where key = 'disk_bytes';
select is(pg_temp.state_of('disk'), 'critical', 'the setting is what the check of the disk holds the database against');
update private.settings set value = '0' where key = 'disk_bytes';
select is(pg_temp.state_of('disk'), 'unknown', 'which says nothing while nobody stated it');

-- Checks: as it should be, and not.
select is(pg_temp.state_of('partitions'), 'ok', 'partitions are made ahead');
select is(pg_temp.state_of('ingest'), 'ok', 'readings come in');
select is(pg_temp.state_of('fleet_watch'), 'ok', 'somebody looks for stores that fall silent');
select is(pg_temp.says('blind_stores'), '0 of 2 stores are blind', 'no store is blind');
update data.gateways set last_seen_at = now() - interval '20 minutes', offline_since = now() - interval '20 minutes';
update private.fleet_evaluation set evaluated_at = now() - interval '6 minutes';
select is(pg_temp.state_of('ingest'), 'warning', 'nobody was heard for twenty minutes');
select is(pg_temp.state_of('fleet_watch'), 'warning', 'nor did anybody look');
select is(pg_temp.says('blind_stores') || ': ' || pg_temp.state_of('blind_stores'), '2 of 2 stores are blind: critical', 'all stores are blind');
update data.stores set deleted_at = now() where name = 'small';
select is(pg_temp.says('blind_stores'), '1 of 1 stores are blind', 'a deleted one does not count');
update data.stores set lifecycle = 'archived' where name = 'large';
select is(pg_temp.state_of('blind_stores'), 'unknown', 'nor one that is closed');
insert into private.reading_quality (gateway_id, hour_at, taken, rejected) select id, date_trunc('hour', now()), 0, 20000 from data.gateways limit 1;
select is(pg_temp.state_of('rejected'), 'critical', 'readings that HQ rejects are seen');
select format('drop table partitions.%I', b.partition_name) from private.partition_bounds b where b.table_name = 'regional_counting_raw' and b.from_at > now() order by b.from_at limit 1 \gexec
select is(pg_temp.state_of('partitions'), case when extract(day from date_trunc('month', now()) + interval '1 month' - now()) <= 7 then 'critical' else 'warning' end,
  'a gap in the partitions ahead is no reserve');
select is_empty($$ select check_name from monitor.checks where says ~ 'null|^ |  ' or length(says) > 100 or says is null $$, 'every check says something, in a line');
select is((select count(*) from monitor.checks where check_name = 'slow_queries' and says like 'pg_stat_statements is not installed%'),
  (select count(*) from (select 1) as x where not exists (select from pg_extension where extname = 'pg_stat_statements')), 'where nobody notes statements, the check says so');

-- Bloat.
create function pg_temp.fill() returns void language sql as $$
  insert into private.settings select 'filler ' || n, repeat('x', 100), 'y' from generate_series(1, 5000) n; delete from private.settings where key like 'filler%' and key !~ '7$';
$$;
select pg_temp.fill() \g /dev/null
analyze private.settings;
select ok((select wasted_percent > 70 and method like 'estimated%' from monitor.bloat where relation = 'private.settings'), 'what was deleted is found as room that no row needs');
select throws_like($$ select * from monitor.measure_bloat('private.settings'::regclass) $$, '%pgstattuple is not installed%', 'measuring it says what it needs');
create extension pgstattuple;
select ok((select bytes > 500000 and method like 'measured%' from monitor.measure_bloat('private.settings'::regclass)), 'and does it then');
select ok((select bytes > 0 from monitor.measure_bloat('private.settings_pkey'::regclass)), 'of an index as well');

-- Who may look.
set local role lintel_monitor;
select lives_ok($$ select * from monitor.checks, monitor.room $$, 'who watches reads all of it');
select lives_ok($$ select * from monitor.vacuum, monitor.wraparound, monitor.connections, monitor.archiving, monitor.replication $$, 'the server''s statistics included');
select throws_like($$ select count(*) from data.stores $$, 'permission denied%', 'but no row of a table');
reset role;
set local role lintel_hq;
select throws_like($$ select * from monitor.organizations $$, 'permission denied%', 'nobody else reads it, HQ''s administrators neither');
reset role;

select * from finish();
rollback;
