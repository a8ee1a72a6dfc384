-- What `perf` measures with, gone with the session. A query runs as PostgREST runs it: as the reader's role, with the
-- reader's claims, its answer one JSON text.
create function pg_temp.become(reader uuid) returns void
language sql as $$
  select set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', reader)::text, true);
$$;

-- One of the reader's stores and its yesterday put in; somebody else's where the reader has none.
create function pg_temp.filled(query text, reader uuid) returns text
language plpgsql as $$
declare
  mine  integer[];
  store integer;
  today timestamptz := date_trunc('day', now(), 'UTC');
begin
  perform pg_temp.become(reader);
  mine := private.my_store_ids();
  store := coalesce(mine[1 + floor(random() * cardinality(mine))], (select min(s.id) from data.stores s), 0);
  query := replace(query, '{store}', store::text);
  query := replace(query, '{sensor}', coalesce((select min(m.id) from data.sensor_metadata m where m.store_id = store), 0)::text);
  query := replace(query, '{from}', quote_literal(today - interval '1 day') || '::timestamptz');
  query := replace(query, '{to}', quote_literal(today) || '::timestamptz');
  return replace(query, '{day}', quote_literal((today - interval '1 day')::date) || '::date');
end $$;

create function pg_temp.timed(query text, out ms double precision, out rows bigint)
language plpgsql as $$
declare
  began  timestamptz := clock_timestamp();
  answer text;
begin
  set local role authenticated;
  execute 'select coalesce(json_agg(answer), ''[]'')::text from (' || query || ') as answer' into answer;
  reset role;
  ms := extract(epoch from clock_timestamp() - began) * 1000;
  rows := json_array_length(answer::json);
end $$;

create function pg_temp.planned(query text) returns json
language plpgsql as $$
declare
  plan json;
begin
  set local role authenticated;
  execute 'explain (analyze, buffers, timing off, format json) ' || query into plan;
  reset role;
  return plan;
end $$;
