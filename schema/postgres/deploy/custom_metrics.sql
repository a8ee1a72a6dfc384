-- Deploy lintel:custom_metrics to pg
-- requires: policies
-- requires: rollups
-- requires: alert_rules
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

create function private.metric_stores(name text, stores integer[])
returns table (store_id integer, store_public_id uuid, store_name text, timezone text, metric jsonb)
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
begin
  return query
  select s.id, s.public_id, s.name, s.timezone, coalesce(s.settings #> array['custom_metrics', metric_stores.name], d.metric)
    from data.stores s
    join data.organizations n on n.id = s.node_id
    left join lateral (
      select o.settings #> array['custom_metrics', metric_stores.name] as metric
        from data.organizations o
       where o.id = any (string_to_array(n.path::text, '.')::bigint[])
         and o.settings #> array['custom_metrics', metric_stores.name] is not null
       order by nlevel(o.path) desc limit 1) as d on true
   where s.id = any (metric_stores.stores)
     and coalesce(s.settings #> array['custom_metrics', metric_stores.name], d.metric) is not null;
end $$;
comment on function private.metric_stores(text, integer[]) is 'Those of the stores for which a metric of this name holds, with the definition nearest to each';

create function private.metric_field(field text, count_in numeric, count_out numeric, extra numeric, occupancy_max numeric, readings numeric)
returns numeric
language sql immutable
return case field when 'count_in' then count_in when 'count_out' then count_out when 'people' then count_in + extra
                  when 'net' then count_in - count_out when 'occupancy_max' then occupancy_max when 'readings' then readings end;
comment on function private.metric_field(text, numeric, numeric, numeric, numeric, numeric) is
  'Value of a bucket. people: those who came in, with what was only known over a gap or estimated';

create function private.metric_holds(value numeric, comparison jsonb) returns boolean
language sql immutable
return value is not null and case comparison ->> 'operator'
  when '<' then value < (comparison ->> 'value')::numeric when '<=' then value <= (comparison ->> 'value')::numeric
  when '=' then value = (comparison ->> 'value')::numeric when '>=' then value >= (comparison ->> 'value')::numeric
  when '>' then value > (comparison ->> 'value')::numeric else true end;
comment on function private.metric_holds(numeric, jsonb) is 'Whether a bucket counts; all do without a comparison';

create function api.custom_metric(name text, "from" date, "to" date)
returns table (store_public_id uuid, store_name text, value numeric, buckets bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine constant integer[] := private.my_store_ids();
begin
  if coalesce("to" < "from" or "to" - "from" > 400, true) then
    raise invalid_parameter_value using message = format('%s to %s is no range of at most 400 days', "from", "to"),
      hint = 'Both days are included; ask for longer ranges piece by piece.';
  end if;
  if not exists (select from private.metric_stores(custom_metric.name, mine)) then
    raise sqlstate 'PT404' using message = format('no metric "%s" holds for a store you may see', left(custom_metric.name, 100)),
      hint = 'Metrics are defined under custom_metrics in the settings of the organization, a node or a store.';
  end if;
  -- Narrowed to stores and sensors first: buckets are read by key.
  return query
  with wanted as materialized (
    select * from private.metric_stores(custom_metric.name, mine)
  ), buckets as (
    select w.store_id, d.day::text as bucket, sum(d.count_in) as count_in, sum(d.count_out) as count_out,
           sum(d.unallocated_in + d.estimated_in) as extra, max(d.occupancy_max)::numeric as occupancy_max, sum(d.readings) as readings
      from wanted w
      join data.sensor_metadata s on s.store_id = w.store_id
      join data.daily_analytics d on d.store_id = s.store_id and d.sensor_id = s.id and d.day between "from" and "to"
     where coalesce(w.metric ->> 'bucket', 'day') = 'day'
     group by w.store_id, d.day
    union all
    select w.store_id, h.hour_at::text, sum(h.count_in), sum(h.count_out), 0, max(h.occupancy_max)::numeric, sum(h.readings)
      from wanted w
      join data.sensor_metadata s on s.store_id = w.store_id
      join data.hourly_analytics h on h.store_id = s.store_id and h.sensor_id = s.id
       and h.hour_at >= "from"::timestamp at time zone w.timezone and h.hour_at < ("to" + 1)::timestamp at time zone w.timezone
     where w.metric ->> 'bucket' = 'hour'
     group by w.store_id, h.hour_at
  ), valued as (
    select w.store_id, w.store_public_id, w.store_name, w.metric ->> 'aggregate' as aggregate,
           private.metric_field(w.metric ->> 'field', b.count_in, b.count_out, b.extra, b.occupancy_max, b.readings) as v, w.metric -> 'comparison' as comparison
      from wanted w
      left join buckets b on b.store_id = w.store_id
  )
  select v.store_public_id, v.store_name,
         case min(v.aggregate)
           when 'sum' then coalesce(sum(v.v) filter (where private.metric_holds(v.v, v.comparison)), 0)
           when 'avg' then avg(v.v) filter (where private.metric_holds(v.v, v.comparison))
           when 'min' then min(v.v) filter (where private.metric_holds(v.v, v.comparison))
           when 'max' then max(v.v) filter (where private.metric_holds(v.v, v.comparison))
           when 'count' then count(*) filter (where private.metric_holds(v.v, v.comparison)) end,
         count(*) filter (where private.metric_holds(v.v, v.comparison))
    from valued v
   group by v.store_id, v.store_public_id, v.store_name
   order by v.store_name, v.store_public_id;
end $$;
comment on function api.custom_metric(text, date, date) is
  'A metric of the organization''s own (settings.custom_metrics) per store the user may see, both days included. buckets: how many days or hours it was made of.';
revoke all on function private.metric_stores(text, integer[]), private.metric_holds(numeric, jsonb),
  private.metric_field(text, numeric, numeric, numeric, numeric, numeric), api.custom_metric(text, date, date)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.custom_metric(text, date, date) to authenticated;

notify pgrst, 'reload schema';
commit;
