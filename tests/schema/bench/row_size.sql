-- What a raw reading takes in normal growth: :stores stores of 20 sensors with a reading a minute, each syncing every
-- few minutes through gateway_sync_v1, in any order, for :days days. Into an empty database.
\set ON_ERROR_STOP on
select set_config('bench.stores', :'stores', false), set_config('bench.days', :'days', false) \g /dev/null
do $$
declare
  stores  integer := current_setting('bench.stores');
  minutes integer := current_setting('bench.days')::numeric * 1440;
  claims  text[];
  ids     integer[];
  at      integer[] := array_fill(0, array[stores]);
  start   bigint := extract(epoch from date_trunc('month', now() - interval '2 months', 'UTC')) * 1000;
  many    integer;
  shop    integer;
  answer  jsonb;
begin
  select array_agg(json_build_object('sub', g.gateway_public_id)::text), array_agg(g.store_id) into claims, ids
    from generate_series(1, stores) as n, private.add_store('Size', 'Size ' || n, 'Europe/Berlin') as g;
  commit;
  while (select min(m) from unnest(at) as m) < minutes loop
    for shop in select s from generate_series(1, stores) as s order by random() loop
      many := 3 + floor(random() * 5);
      perform set_config('request.jwt.claims', claims[shop], false);
      answer := api.gateway_sync_v1(jsonb_build_object('v', 1, 'epoch', 'size', 'after', at[shop], 'to', at[shop] + many,
        'sensors', case when at[shop] = 0 then (select jsonb_agg(jsonb_build_object('id', md5(ids[shop] || '-' || s)::uuid, 'serial', s, 'name', 'Door ' || s)) from generate_series(1, 20) as s) else '[]' end,
        'series', (select jsonb_agg(jsonb_build_object('sensor', md5(ids[shop] || '-' || s)::uuid, 'line', '1', 't', start + at[shop] * 60000::bigint,
                     'step', 60000, 'dur', 60000, 'in', repeat('1,', many - 1) || '2', 'out', repeat('0,', many - 1) || '1')) from generate_series(1, 20) as s)));
      if answer -> 'rejected' is distinct from '[]' then
        raise exception 'refused: %', left(answer::text, 300);
      end if;
      at[shop] := at[shop] + many;
    end loop;
    commit;
  end loop;
end $$;
do $$
declare
  size record;
begin
  select r.n, sum(pg_relation_size(p.relid)) filter (where p.isleaf)::numeric / r.n as heap, sum(pg_indexes_size(p.relid)) filter (where p.isleaf and pg_relation_size(p.relid) > 0)::numeric / r.n as index into size
    from pg_partition_tree('data.people_counting_raw') as p, (select count(*) as n from data.people_counting_raw) as r group by r.n;
  raise notice 'a raw reading takes % bytes, % in the row and % in indexes (% rows; limit 120, aim 90)',
    round(size.heap + size.index, 1), round(size.heap, 1), round(size.index, 1), size.n;
  if size.heap + size.index > 120 then
    raise exception 'a raw reading takes more than 120 bytes';
  end if;
end $$;
