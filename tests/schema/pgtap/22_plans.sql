-- The benchmark's fleet, small, and what the documented queries do in it. No times: plans.
\ir setup.psql
\set stores 160
\set others 20
\set sensors 3
\set long_sensors 2
\set long_days 40
\set dense_minutes 10
\set hourly_days 8
\set daily_days 60
\ir ../bench/generate.sql
\ir ../../../schema/tools/sql/perf/documented.sql
\ir ../bench/plans.sql
select 5 + 6 * count(*) as tests from documented_queries \gset
select plan(:tests);

select is(cardinality(pg_temp.stores_of(1)), 1, 'one user sees a store');
select is(cardinality(pg_temp.stores_of(2)), 2, 'one a store in eighty');
select is(cardinality(pg_temp.stores_of(3)), 40, 'one a store in four');
select is(cardinality(pg_temp.stores_of(4)), 160, 'one all of the chain, and no other organization''s');
select is(cardinality(pg_temp.stores_of(5)), 0, 'one none');

-- Small as the fleet is, an index is taken for nothing but its order; without sequential scans the plan shows what can be.
select is(d.scanned, null, q.name || ' of user ' || person || ' needs no sequential scan')
  from (select set_config('enable_seqscan', 'off', true)) as off,
       documented_queries q, generate_series(1, 5) as person, lateral pg_temp.plan_of(person, q.query) as d;
select ok((select bool_and(d.most_scanned <= 10000) from generate_series(1, 5) as person, lateral pg_temp.plan_of(person, q.query) as d),
          q.name || ' scans no more than 10,000 rows')
  from (select set_config('enable_seqscan', 'on', true)) as "on", documented_queries q;

select * from finish();
rollback;
