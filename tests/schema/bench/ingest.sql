-- How fast gateway_sync_v1 takes readings, beside COPY of the same rows into the same table, batch by batch.
--   psql -X -q -v batch=5000 -v total=100000 -f tests/schema/bench/ingest.sql DATABASE
-- On a throw-away database only (run_bench makes one): it fills raw tables and empties them again. "raw" is the same
-- request understood, parsed and put into raw rows, without roll-ups.
\set ON_ERROR_STOP on
\ir measure.psql
select set_config('bench.batch', :'batch', false), set_config('bench.total', :'total', false) \g /dev/null

do $$
declare
  batch   integer := current_setting('bench.batch');
  total   integer := current_setting('bench.total');
  series  constant integer := least(20, current_setting('bench.batch')::integer);
  place   record;
  bodies  jsonb[] := '{}';
  body    jsonb;
  answer  jsonb;
  began   double precision;
  took    double precision;
  gateway data.gateways;
  complaint text;
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
  perform set_config('bench.rows', (n * per * series)::text, false);
  began := pg_temp.cpu_ms();
  foreach body in array bodies loop
    answer := api.gateway_sync_v1(body);
    if answer -> 'rejected' is distinct from '[]' then
      raise exception 'refused: %', left(answer::text, 300);
    end if;
    commit;
  end loop;
  perform set_config('bench.sync', (pg_temp.cpu_ms() - began)::text, false);

  began := pg_temp.cpu_ms();
  foreach body in array bodies loop
    answer := api.gateway_sync_v1(body);
    commit;
  end loop;
  perform set_config('bench.replay', (pg_temp.cpu_ms() - began)::text, false);

  create table public.bench_rows as
    select * from data.people_counting_raw where store_id = place.store_id order by received_at, sensor_id, started_at;
  delete from data.people_counting_raw where store_id = place.store_id;
  commit;
  select * into gateway from data.gateways g where g.public_id = place.gateway_public_id;
  set plan_cache_mode = force_generic_plan;
  began := pg_temp.cpu_ms();
  foreach body in array bodies loop
    complaint := private.sync_complaint(body);
    insert into data.people_counting_raw
      (organization_id, store_id, slot, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags,
       epoch, revision, received_at)
    select place.organization_id, place.store_id, r.slot, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in,
           r.count_out, r.flags, 1, r.revision, now()
      from unnest((private.parse_series(body -> 'series', private.resolve_sensors(gateway, body), place.store_id)).readings) as r
    on conflict do nothing;
    commit;
  end loop;
  perform set_config('bench.raw', (pg_temp.cpu_ms() - began)::text, false);
  reset plan_cache_mode;
  delete from data.people_counting_raw where store_id = place.store_id;
end $$;

-- The limit: the same rows, already parsed, into the same table, emptied, one transaction per batch.
vacuum data.people_counting_raw;
do $$
declare
  batch integer := current_setting('bench.batch');
  rows  integer := current_setting('bench.rows');
  file  text := format('/tmp/lintel-bench-%s-', pg_backend_pid());
  began double precision;
  took  double precision;
  n     integer := rows / batch;
  sync_share double precision;
  raw_share  double precision;
begin
  for i in 0 .. n - 1 loop
    execute format('copy (select * from public.bench_rows offset %s limit %s) to %L', i * batch, batch, file || i);
  end loop;
  commit;
  began := pg_temp.cpu_ms();
  for i in 0 .. n - 1 loop
    execute format('copy data.people_counting_raw from %L', file || i);
    commit;
  end loop;
  took := pg_temp.cpu_ms() - began;
  execute format('copy (select 1) to program %L', format('rm -f %s*; cat > /dev/null', file));
  sync_share := took / current_setting('bench.sync')::double precision * 100;
  raw_share := took / current_setting('bench.raw')::double precision * 100;
  raise notice 'batch %: COPY % readings a second of processor time, raw % (% %% of COPY, limit 35), gateway_sync_v1 with roll-ups % (% %%, limit 18), replayed %',
    batch, round(rows / took * 1000), round(rows / current_setting('bench.raw')::double precision * 1000), round(raw_share::numeric, 1),
    round(rows / current_setting('bench.sync')::double precision * 1000), round(sync_share::numeric, 1),
    round(rows / current_setting('bench.replay')::double precision * 1000);
  if batch >= 500 and (sync_share < 18 or raw_share < 35) then
    raise exception 'ingest is slower than the limit';
  end if;
end $$;
drop table public.bench_rows;
delete from data.people_counting_raw where store_id = current_setting('bench.store')::integer;
vacuum data.people_counting_raw;
