-- How fast gateway_sync_v1 takes readings, beside COPY of the same rows into the same table.
--   psql -X -q -v batch=5000 -v total=100000 -f tests/schema/bench_sync.sql DATABASE
-- On a throw-away database only (run_pgtap --bench makes one): it fills raw tables and empties them again.
\set ON_ERROR_STOP on
\pset tuples_only on
select set_config('bench.batch', :'batch', false), set_config('bench.total', :'total', false) \g /dev/null

do $$
declare
  batch   integer := current_setting('bench.batch');
  total   integer := current_setting('bench.total');
  series  constant integer := 20;
  place   record;
  bodies  jsonb[] := '{}';
  body    jsonb;
  answer  jsonb;
  began   timestamptz;
  took    double precision;
  start   bigint := extract(epoch from date_trunc('hour', now() - interval '60 days')) * 1000;
  per     integer := greatest(batch / series, 1);
  n       integer := total / (per * series);
begin
  select * into place from private.add_store('Bench', 'Bench ' || gen_random_uuid(), 'Europe/Berlin');
  perform set_config('request.jwt.claims', jsonb_build_object('sub', place.gateway_public_id)::text, false);
  for i in 0 .. n - 1 loop
    bodies := bodies || jsonb_build_object('v', 1, 'epoch', 'bench', 'after', i, 'to', i + 1, 'config_version', 0,
      'sensors', case when i = 0 then (select jsonb_agg(jsonb_build_object('id', md5(place.store_id || '-' || s)::uuid, 'serial', s, 'name', 'Door ' || s)) from generate_series(1, series) s) else '[]' end,
      'series', (select jsonb_agg(jsonb_build_object('sensor', md5(place.store_id || '-' || s)::uuid, 'line', '1', 't', start + i * per * 60000::bigint,
        'step', 60000, 'dur', 60000,
        'in', (select string_agg((random() * 9)::integer::text, ',') from generate_series(1, per + s * 0)),
        'out', (select string_agg((random() * 9)::integer::text, ',') from generate_series(1, per + s * 0))))
        from generate_series(1, series) s));
  end loop;
  commit;
  perform set_config('bench.store', place.store_id::text, false);
  began := clock_timestamp();
  foreach body in array bodies loop
    answer := api.gateway_sync_v1(body);
    if answer -> 'rejected' is distinct from '[]' then
      raise exception 'refused: %', left(answer::text, 300);
    end if;
    commit;
  end loop;
  took := extract(epoch from clock_timestamp() - began);
  raise notice 'gateway_sync_v1   batch %: % readings/s', lpad((per * series)::text, 6), lpad(round(n * per * series / took)::text, 8);
  perform set_config('bench.rate', (n * per * series / took)::text, false);

  began := clock_timestamp();
  foreach body in array bodies loop
    answer := api.gateway_sync_v1(body);
    commit;
  end loop;
  took := extract(epoch from clock_timestamp() - began);
  raise notice 'the same replayed batch %: % readings/s', lpad((per * series)::text, 6), lpad(round(n * per * series / took)::text, 8);
end $$;

-- The limit: the same rows, already parsed, into the same empty table, one transaction per batch.
create table public.bench_rows as
  select * from data.people_counting_raw where store_id = current_setting('bench.store')::integer
   order by received_at, sensor_id, started_at;
delete from data.people_counting_raw where store_id = current_setting('bench.store')::integer;
do $$
declare
  batch integer := current_setting('bench.batch');
  rows  bigint := (select count(*) from public.bench_rows);
  file  text := format('/tmp/lintel-bench-%s-', pg_backend_pid());
  began timestamptz;
  took  double precision;
  n     integer := rows / batch;
begin
  for i in 0 .. n - 1 loop
    execute format('copy (select * from public.bench_rows offset %s limit %s) to %L', i * batch, batch, file || i);
  end loop;
  commit;
  began := clock_timestamp();
  for i in 0 .. n - 1 loop
    execute format('copy data.people_counting_raw from %L', file || i);
    commit;
  end loop;
  took := extract(epoch from clock_timestamp() - began);
  raise notice 'COPY              batch %: % rows/s, so sync with roll-ups reaches % %%', lpad(batch::text, 6),
    lpad(round(n * batch / took)::text, 8), round((current_setting('bench.rate')::double precision / (n * batch / took) * 100)::numeric, 1);
  execute format('copy (select 1) to program %L', format('rm -f %s*; cat > /dev/null', file));
end $$;
drop table public.bench_rows;
