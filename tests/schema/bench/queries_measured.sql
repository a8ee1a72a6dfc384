-- Runs every documented query (schema/tools/sql/perf/documented.sql) as every user, :times times, in a fleet that generate.sql has made, and
-- holds what it sees against the limits. A query's answer is made as PostgREST makes it, one JSON text.
\set ON_ERROR_STOP on
\ir measure.psql
\ir ../../../schema/tools/sql/perf/documented.sql
\ir plans.sql
select set_config('bench.times', :'times', false) \g /dev/null

create temp table measured (name text, person integer, cpu_ms double precision, elapsed_ms double precision, rows bigint, scanned bigint);
-- Sequential scans of the session so far and what they read, also those inside functions: {table: [scans, rows]}.
create function pg_temp.scans() returns jsonb
language sql volatile as $$
  select coalesce(jsonb_object_agg(relid, jsonb_build_array(seq_scan, seq_tup_read)), '{}')
    from pg_stat_xact_user_tables where schemaname in ('data', 'partitions', 'private') and seq_scan > 0;
$$;
create function pg_temp.rows_a_scan(before jsonb, after jsonb) returns bigint
language sql as $$
  select coalesce(max(((value ->> 1)::bigint - coalesce((before -> key ->> 1)::bigint, 0))
                      / nullif((value ->> 0)::bigint - coalesce((before -> key ->> 0)::bigint, 0), 0)), 0)
    from jsonb_each(after);
$$;
do $$
declare
  asked record;
  query text;
  answer text;
  cpu double precision;
  began timestamptz;
  took double precision;
  before jsonb;
begin
  for asked in select q.name, q.query, person, turn from documented_queries q, generate_series(1, 5) as person,
                      generate_series(0, current_setting('bench.times')::integer) as turn
                order by turn, person, q.name loop
    query := pg_temp.ask(asked.person, asked.query);
    perform pg_temp.become(asked.person);
    before := pg_temp.scans();
    cpu := pg_temp.cpu_ms();
    began := clock_timestamp();
    set local role authenticated;
    execute 'select coalesce(json_agg(answer), ''[]'')::text from (' || query || ') as answer' into answer;
    reset role;
    took := extract(epoch from clock_timestamp() - began) * 1000;
    cpu := pg_temp.cpu_ms() - cpu;
    -- The first turn warms.
    if asked.turn > 0 then
      insert into measured values (asked.name, asked.person, cpu, took, json_array_length(answer::json), pg_temp.rows_a_scan(before, pg_temp.scans()));
    elsif asked.turn = 0 and asked.person = 5 then
      perform pg_stat_reset();
    end if;
    commit;
  end loop;
end $$;
select pg_stat_force_next_flush() \g /dev/null
select 1 \g /dev/null

\pset border 0
\pset footer off
\echo 'Documented queries, ms of processor time (limits: p95 50, p99 200) and elapsed:'
select name, (select cardinality(pg_temp.stores_of(person))) as stores, max(rows) as rows,
       round(percentile_disc(0.5) within group (order by cpu_ms)::numeric, 1) as median,
       round(percentile_disc(0.95) within group (order by cpu_ms)::numeric, 1) as p95,
       round(percentile_disc(0.99) within group (order by cpu_ms)::numeric, 1) as p99,
       round(percentile_disc(0.95) within group (order by elapsed_ms)::numeric, 1) as elapsed_p95,
       max(scanned) as rows_a_scan
  from measured group by name, person order by name, person;

\echo 'Pages found in memory, of those asked for (limit: 99 %):'
create temp table hits as
  select round(100.0 * sum(idx_blks_hit) / nullif(sum(idx_blks_hit + idx_blks_read), 0), 2) as index_hits,
         round(100.0 * sum(heap_blks_hit + idx_blks_hit) / nullif(sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read), 0), 2) as hits
    from pg_statio_user_tables where schemaname in ('data', 'partitions', 'private');
table hits;

do $$
declare
  bad text;
begin
  select string_agg(format('%s, user %s', name, person), '; ') into bad
    from (select name, person from measured group by 1, 2
          having percentile_disc(0.95) within group (order by cpu_ms) > 50 or percentile_disc(0.99) within group (order by cpu_ms) > 200) as slow;
  if bad is not null then raise exception 'slower than the limit: %', bad; end if;
  select string_agg(format('%s, user %s (%s rows)', name, person, scanned), '; ') into bad
    from (select name, person, max(scanned) as scanned from measured group by 1, 2 having max(scanned) > 10000) as wide;
  if bad is not null then raise exception 'sequential scans over more than 10,000 rows: %', bad; end if;
  select format('index %s %%, all %s %%', index_hits, hits) into bad from hits where least(index_hits, hits) < 99;
  if bad is not null then raise exception 'too few pages found in memory: %', bad; end if;
end $$;
