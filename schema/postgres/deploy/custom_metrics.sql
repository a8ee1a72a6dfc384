-- Deploy lintel:custom_metrics to pg
-- requires: policies
-- requires: rollups
-- requires: alert_rules
-- requires: refresh_analytics
-- Figures that an organization defines itself in settings.custom_metrics: a name, and from fixed lists a field, an
-- aggregate, a bucket and a comparison. They choose among expressions that stand here; nothing of them is ever run.

begin;
set local role lintel_owner;

create function private.custom_metrics_complaint(metrics jsonb) returns text
language sql immutable
return case when jsonb_typeof(metrics) <> 'object' then 'custom_metrics must be an object of named metrics' else (
  select format('custom_metrics.%s: %s', m.key, c.complaint)
    from jsonb_each(metrics) as m
   cross join lateral (select case
     when m.key !~ '^[a-z][a-z0-9_]{0,62}$' then 'a name has lower case letters, digits and _, and begins with a letter'
     when jsonb_typeof(m.value) <> 'object' then 'must be an object of field, aggregate, bucket, comparison, title'
     when m.value - '{field,aggregate,bucket,comparison,title}'::text[] <> '{}'
       then format('there is no key "%s"; the keys are field, aggregate, bucket, comparison, title',
                   (select k from jsonb_object_keys(m.value - '{field,aggregate,bucket,comparison,title}'::text[]) as k limit 1))
     when coalesce(m.value -> 'field' not in ('"count_in"', '"count_out"', '"people"', '"net"', '"occupancy_max"', '"readings"'), true)
       then 'field must be count_in, count_out, people, net, occupancy_max or readings'
     when coalesce(m.value -> 'aggregate' not in ('"sum"', '"avg"', '"min"', '"max"', '"count"'), true)
       then 'aggregate must be sum, avg, min, max or count'
     when m.value ? 'bucket' and m.value -> 'bucket' not in ('"day"', '"hour"') then 'bucket must be day or hour'
     when m.value ? 'title' and (jsonb_typeof(m.value -> 'title') <> 'string' or length(m.value ->> 'title') > 200)
       then 'title must be a text of at most 200 characters'
     when m.value ? 'comparison' and case when jsonb_typeof(m.value -> 'comparison') <> 'object' then true
         else (m.value -> 'comparison') - '{operator,value}'::text[] <> '{}'
           or coalesce(m.value #> '{comparison,operator}' not in ('"<"', '"<="', '"="', '">="', '">"'), true)
           or coalesce(jsonb_typeof(m.value #> '{comparison,value}') <> 'number' or length(m.value #>> '{comparison,value}') > 20, true) end
       then 'comparison must be an operator (<, <=, =, >=, >) and a value (a number), for example {"operator": ">", "value": 100}'
   end as complaint) as c
   where c.complaint is not null
   order by m.key limit 1) end;
comment on function private.custom_metrics_complaint(jsonb) is 'What is wrong with settings.custom_metrics, naming the metric and what is allowed; null when nothing is';

create function private.check_custom_metrics() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := private.custom_metrics_complaint(new.settings -> 'custom_metrics');
begin
  if complaint is not null then
    raise check_violation using message = complaint, detail = format('in the settings of "%s"', new.name),
      hint = 'For example {"custom_metrics": {"busy_days": {"field": "count_in", "aggregate": "count", "comparison": {"operator": ">", "value": 500}}}}.';
  end if;
  return new;
end $$;
comment on function private.check_custom_metrics() is 'Trigger: refuses metrics outside the grammar';
create trigger organizations_custom_metrics before insert or update of settings on data.organizations
  for each row when (new.settings ? 'custom_metrics') execute function private.check_custom_metrics();
create trigger stores_custom_metrics before insert or update of settings on data.stores
  for each row when (new.settings ? 'custom_metrics') execute function private.check_custom_metrics();

-- Definitions are few: which stores hang below them is a matter of paths, not of a look-up for each store.
create function private.metric_stores(name text, stores integer[])
returns table (store_id integer, store_public_id uuid, store_name text, timezone text, metric jsonb)
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
begin
  return query
  with defining as materialized (
    select o.path, o.settings #> array['custom_metrics', metric_stores.name] as metric
      from data.organizations o
     where o.settings -> 'custom_metrics' ? metric_stores.name
  )
  select s.id, s.public_id, s.name, s.timezone, coalesce(s.settings #> array['custom_metrics', metric_stores.name], d.metric)
    from unnest(metric_stores.stores) as w (id)
    -- "offset 0": one by one, by their keys, rather than a join that reads the stores of every tenant.
   cross join lateral (select t.* from data.stores t where t.id = w.id offset 0) as s
    join data.organizations n on n.id = s.node_id
    left join lateral (
      select d.metric from defining d where d.path @> n.path order by nlevel(d.path) desc limit 1) as d on true
   where coalesce(s.settings #> array['custom_metrics', metric_stores.name], d.metric) is not null;
end $$;
comment on function private.metric_stores(text, integer[]) is 'Those of the stores for which a metric of this name holds, with the definition nearest to each';

-- Few stores are looked up and sorted. Of many, an index hands out the page in its order, and what is not the reader's, or
-- has no such metric, is passed over: each is asked for in a table of hashes.
create function private.metric_page(name text, tenant bigint, stores integer[], first bigint, many integer) returns integer[]
language plpgsql stable
set search_path = pg_catalog, extensions, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  few     constant integer := 1000;
  holding constant bigint[] := array(
    select n.id from data.organizations n
     where n.organization_id = tenant
       and n.path <@ array(select o.path from data.organizations o
                            where o.organization_id = tenant and o.settings -> 'custom_metrics' ? metric_page.name));
begin
  if cardinality(stores) <= few then
    return array(
      select s.id
        from unnest(stores) as w (id)
       cross join lateral (select t.* from data.stores t where t.id = w.id offset 0) as s
       where s.settings -> 'custom_metrics' ? metric_page.name or s.node_id in (select unnest(holding))
       order by s.name, s.public_id limit many offset first);
  end if;
  return array(
    select s.id from data.stores s
     where s.organization_id = tenant
       and (s.id in (select unnest(stores))) is true  -- "is true": not to be made a join, which knows no order
       and (s.settings -> 'custom_metrics' ? metric_page.name or s.node_id in (select unnest(holding)))
     order by s.name, s.public_id limit many offset first);
end $$;
comment on function private.metric_page(text, bigint, integer[], bigint, integer) is
  'Those of a tenant''s stores for which a metric of this name holds, by name of the store, from the first on so many';

create function private.metric_field(field text, count_in numeric, count_out numeric, extra numeric, occupancy_max numeric, readings numeric)
returns numeric
language sql immutable
return case field when 'count_in' then count_in when 'count_out' then count_out when 'people' then count_in + extra
                  when 'net' then count_in - count_out when 'occupancy_max' then occupancy_max when 'readings' then readings end;
comment on function private.metric_field(text, numeric, numeric, numeric, numeric, numeric) is
  'Value of a bucket. people: those who came in, with what was only known over a gap or estimated';

create function private.metric_holds(value numeric, operator text, than numeric) returns boolean
language sql immutable
return value is not null and case operator
  when '<' then value < than when '<=' then value <= than when '=' then value = than
  when '>=' then value >= than when '>' then value > than else true end;
comment on function private.metric_holds(numeric, text, numeric) is 'Whether a bucket counts; all do without a comparison';

create type private.metric_bucket as
  (store_id integer, count_in numeric, count_out numeric, extra numeric, occupancy_max numeric, readings numeric);
comment on type private.metric_bucket is 'A day or an hour of a store, as metrics see it';

create function private.metric_days(stores integer[], from_day date, to_day date) returns setof private.metric_bucket
language sql stable as $$
  select d.store_id, sum(d.count_in), sum(d.count_out), sum(d.unallocated_in + d.estimated_in), max(d.occupancy_max), sum(d.readings)
    from unnest(stores) as w (id)
    join data.daily_analytics d on d.store_id = w.id and d.day between from_day and to_day
   group by d.store_id, d.day
$$;
comment on function private.metric_days(integer[], date, date) is 'Days of some stores, exact, from the roll-ups';

create function private.metric_days_refreshed(stores integer[], from_day date, to_day date) returns setof private.metric_bucket
language sql stable as $$
  select d.store_id, d.count_in, d.count_out, d.unallocated_in + d.estimated_in, d.occupancy_max, d.readings
    from unnest(stores) as w (id)
    join private.store_daily d on d.store_id = w.id and d.day between from_day and to_day
   where d.readings > 0
$$;
comment on function private.metric_days_refreshed(integer[], date, date) is 'Days of very many stores, as of the last refresh of the materialized view';

create function private.metric_hours(stores integer[], from_day date, to_day date) returns setof private.metric_bucket
language sql stable as $$
  select h.store_id, sum(h.count_in), sum(h.count_out), 0::numeric, max(h.occupancy_max), sum(h.readings)
    from unnest(stores) as w (id)
    join data.stores s on s.id = w.id
    join data.hourly_analytics h on h.store_id = s.id
     and h.hour_at >= private.day_begins(s.calendar, from_day) and h.hour_at < private.day_begins(s.calendar, to_day + 1)
   group by h.store_id, h.hour_at
$$;
comment on function private.metric_hours(integer[], date, date) is 'Hours of some stores, exact, from the roll-ups';

create function api.custom_metric(name text, "from" date, "to" date, page integer default 1, page_size integer default 100)
returns table (store_public_id uuid, store_name text, value numeric, buckets bigint, as_of timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  -- In days of a store: beyond these the materialized view answers days, and hours are refused.
  narrow_days  constant integer := 1000;
  narrow_hours constant integer := 300;
  days   integer;
  wanted jsonb;
  daily  integer[];
  hourly integer[];
  found  private.metric_bucket[];
  told_at timestamptz;
begin
  days := "to" - "from" + 1;
  if coalesce(days not between 1 and 401, true) then
    raise invalid_parameter_value using message = format('%s to %s is no range of at most 400 days', "from", "to"),
      hint = 'Both days are included; ask for longer ranges piece by piece.';
  elsif coalesce(page < 1 or page_size not between 1 and 1000, true) then
    raise invalid_parameter_value using message = format('page %s of %s stores cannot be shown', page, page_size),
      hint = 'Pages count from 1 and hold 1 to 1000 stores.';
  end if;
  wanted := (
    select jsonb_agg(w)
      from private.metric_stores(custom_metric.name, private.metric_page(custom_metric.name, (private.my_profile()).organization_id,
             private.my_store_ids(), (page - 1)::bigint * page_size, page_size)) as w);
  if wanted is null then
    if page > 1 then
      return;
    end if;
    raise sqlstate 'PT404' using message = format('no metric "%s" holds for a store you may see', left(custom_metric.name, 100)),
      hint = 'Metrics are defined under custom_metrics in the settings of the organization, a node or a store.';
  end if;
  daily := array(select (w ->> 'store_id')::integer from jsonb_array_elements(wanted) as w where coalesce(w #>> '{metric,bucket}', 'day') = 'day');
  hourly := array(select (w ->> 'store_id')::integer from jsonb_array_elements(wanted) as w where w #>> '{metric,bucket}' = 'hour');
  if cardinality(hourly) * days > narrow_hours then
    raise invalid_parameter_value using message = format('hours of %s stores over %s days are more than one request may read', cardinality(hourly), days),
      hint = format('Ask for smaller pages (page_size) or fewer days: up to %s days of a store at once.', narrow_hours);
  end if;
  if cardinality(daily) * days <= narrow_days then
    found := array(select b from private.metric_days(daily, "from", "to") as b);
  else
    found := array(select b from private.metric_days_refreshed(daily, "from", "to") as b);
    told_at := (select r.refreshed_at from private.refreshes r where r.view_name = 'store_daily');
  end if;
  found := found || array(select b from private.metric_hours(hourly, "from", "to") as b);
  return query
  -- Materialized: what a metric says is taken apart once a store, and its value worked out once a bucket.
  with asked as materialized (
    select w.store_id, w.store_public_id, w.store_name, w.metric ->> 'field' as field, w.metric ->> 'aggregate' as aggregate,
           coalesce(w.metric ->> 'bucket', 'day') as bucket, w.metric #>> '{comparison,operator}' as operator,
           (w.metric #>> '{comparison,value}')::numeric as than
      from jsonb_to_recordset(wanted) as w (store_id integer, store_public_id uuid, store_name text, metric jsonb)
  ), valued as materialized (
    select a.store_id, a.operator, a.than,
           private.metric_field(a.field, b.count_in, b.count_out, b.extra, b.occupancy_max, b.readings) as v
      from unnest(found) as b join asked a on a.store_id = b.store_id
  ), summed as (
    select v.store_id, sum(v.v) as total, avg(v.v) as average, min(v.v) as least, max(v.v) as most, count(*) as buckets
      from valued v
     where private.metric_holds(v.v, v.operator, v.than)
     group by v.store_id
  )
  select a.store_public_id, a.store_name,
         case a.aggregate when 'sum' then coalesce(s.total, 0) when 'avg' then s.average when 'min' then s.least
                          when 'max' then s.most when 'count' then coalesce(s.buckets, 0) end,
         coalesce(s.buckets, 0), case when a.bucket = 'day' then told_at end
    from asked a
    left join summed s on s.store_id = a.store_id
   order by a.store_name, a.store_public_id;
end $$;
comment on function api.custom_metric(text, date, date, integer, integer) is
  'A metric of the organization''s own (settings.custom_metrics) per store the user may see, by name, a page at a time; both days are included. '
  'buckets: how many days or hours it was made of. as_of: days of many stores are as old as their materialized view; null: exact.';
revoke all on function private.metric_stores(text, integer[]), private.metric_page(text, bigint, integer[], bigint, integer), private.metric_holds(numeric, text, numeric),
  private.metric_field(text, numeric, numeric, numeric, numeric, numeric), private.metric_days(integer[], date, date),
  private.metric_days_refreshed(integer[], date, date), private.metric_hours(integer[], date, date),
  api.custom_metric(text, date, date, integer, integer)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.custom_metric(text, date, date, integer, integer) to authenticated;

notify pgrst, 'reload schema';
commit;
