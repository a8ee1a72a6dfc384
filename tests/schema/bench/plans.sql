-- Runs every documented query (schema/tools/sql/perf/documented.sql) as a user and looks at what its plan did. To be included after
-- generate.sql in the same session; gives the functions
--   pg_temp.ask(user, query)     the query with a store, a sensor and a day of the user's put in
--   pg_temp.plan_of(user, query) what running it did: rows read by sequential scans, indexes used
create function pg_temp.become(person integer) returns void
language sql as $$
  select set_config('request.jwt.claims', json_build_object('role', 'authenticated',
                    'sub', '00000000-0000-4000-8000-' || lpad(person::text, 12, '0'))::text, false);
$$;

create function pg_temp.stores_of(person integer) returns integer[]
language plpgsql as $$
begin
  perform pg_temp.become(person);
  return private.my_store_ids();
end $$;

create function pg_temp.ask(person integer, query text) returns text
language plpgsql as $$
declare
  mine  integer[] := pg_temp.stores_of(person);
  store integer := coalesce(mine[1 + floor(random() * cardinality(mine))], 1);
  today timestamptz := date_trunc('day', now(), 'UTC');
begin
  query := replace(query, '{store}', store::text);
  query := replace(query, '{sensor}', (store * 100 + 1)::text);
  query := replace(query, '{from}', quote_literal(today - interval '1 day') || '::timestamptz');
  query := replace(query, '{to}', quote_literal(today) || '::timestamptz');
  return replace(query, '{day}', quote_literal((today - interval '1 day')::date) || '::date');
end $$;

create function pg_temp.nodes(plan jsonb) returns setof jsonb
language sql as $$
  with recursive node as (
    select plan as n
    union all
    select child from node, jsonb_array_elements(n -> 'Plans') as child
  )
  select n from node;
$$;

create type pg_temp.done as (rows bigint, most_scanned bigint, scanned text, indexes text[]);
create function pg_temp.plan_of(person integer, query text) returns pg_temp.done
language plpgsql as $$
declare
  plan jsonb;
  result pg_temp.done;
begin
  query := pg_temp.ask(person, query);
  perform pg_temp.become(person);
  set local role authenticated;
  execute 'explain (analyze, timing off, summary off, format json) ' || query into plan;
  reset role;
  select max((n ->> 'Actual Rows')::numeric) filter (where n = plan #> '{0,Plan}'),
         coalesce(max(((n ->> 'Actual Rows')::numeric + coalesce((n ->> 'Rows Removed by Filter')::numeric, 0)) * (n ->> 'Actual Loops')::numeric)
                  filter (where n ->> 'Node Type' = 'Seq Scan'), 0),
         string_agg(distinct n ->> 'Relation Name', ', ') filter (where n ->> 'Node Type' = 'Seq Scan'),
         array_agg(distinct n ->> 'Index Name') filter (where n ? 'Index Name')
    into result.rows, result.most_scanned, result.scanned, result.indexes
    from pg_temp.nodes(plan #> '{0,Plan}') as n;
  return result;
end $$;
