-- Deploy lintel:analytics_unified to pg
-- requires: analytics_scope

begin;
set local role lintel_owner;

create type private.figures as
  (bucket timestamp, count_in bigint, count_out bigint, unallocated_in bigint, unallocated_out bigint, estimated_in bigint,
   estimated_out bigint, occupancy_max integer, readings bigint, stores_counted integer, covered double precision, covered_series bigint);
comment on type private.figures is 'What is known of one day, or of one hour in UTC';

-- By key: a range of each store's days. Nothing else is read, however large the tables.
create function private.day_figures(place private.scope, from_day date, to_day date) returns setof private.figures
language sql stable as $$
  select day, n.count_in, n.count_out, n.unallocated_in, n.unallocated_out, n.estimated_in, n.estimated_out, n.occupancy_max,
         n.readings, n.stores_counted, c.covered, c.covered_series
    from (
      select d.day, sum(d.count_in)::bigint as count_in, sum(d.count_out)::bigint as count_out,
             sum(d.unallocated_in)::bigint as unallocated_in, sum(d.unallocated_out)::bigint as unallocated_out,
             sum(d.estimated_in)::bigint as estimated_in, sum(d.estimated_out)::bigint as estimated_out,
             max(d.occupancy_max) as occupancy_max, sum(d.readings)::bigint as readings, count(distinct d.store_id)::integer as stores_counted
        from unnest((place).stores) as w (id)
        join data.daily_analytics d on d.store_id = w.id and d.day between from_day and to_day
       where ((place).sensor_id is null or d.sensor_id = (place).sensor_id)
         and ((place).region is null or (d.region = (place).region and d.line = ''))
       group by d.day) as n
    full join (
      select k.day, sum(k.share) as covered, count(*) as covered_series
        from private.day_coverage((place).stores, from_day, to_day) as k
       where ((place).sensor_id is null or k.sensor_id = (place).sensor_id)
         and ((place).region is null or (k.regional and k.label = (place).region))
       group by k.day) as c using (day)
$$;
comment on function private.day_figures(private.scope, date, date) is 'Days of a scope, exact, from the roll-ups';

create function private.hour_figures(place private.scope, from_at timestamptz, to_at timestamptz) returns setof private.figures
language sql stable as $$
  select hour_at at time zone 'UTC', n.count_in, n.count_out, null::bigint, null::bigint, null::bigint, null::bigint, n.occupancy_max,
         n.readings, n.stores_counted, c.covered, c.covered_series
    from (
      select h.hour_at, sum(h.count_in)::bigint as count_in, sum(h.count_out)::bigint as count_out,
             max(h.occupancy_max) as occupancy_max, sum(h.readings)::bigint as readings, count(distinct h.store_id)::integer as stores_counted
        from unnest((place).stores) as w (id)
        join data.hourly_analytics h on h.store_id = w.id and h.hour_at >= hour_figures.from_at and h.hour_at < hour_figures.to_at
       where ((place).sensor_id is null or h.sensor_id = (place).sensor_id)
         and ((place).region is null or (h.region = (place).region and h.line = ''))
       group by h.hour_at) as n
    full join (
      select k.hour_at, sum(k.share) as covered, count(*) as covered_series
        from private.hour_coverage((place).stores, hour_figures.from_at, hour_figures.to_at) as k
       where ((place).sensor_id is null or k.sensor_id = (place).sensor_id)
         and ((place).region is null or (k.regional and k.label = (place).region))
       group by k.hour_at) as c using (hour_at)
$$;
comment on function private.hour_figures(private.scope, timestamptz, timestamptz) is
  'Hours of a scope, exact, from the roll-ups. What is unallocated or estimated has no hour.';

create function private.wide_figures(place private.scope, from_day date, to_day date) returns setof private.figures
language sql stable as $$
  select t.day, sum(t.count_in)::bigint, sum(t.count_out)::bigint, sum(t.unallocated_in)::bigint, sum(t.unallocated_out)::bigint,
         sum(t.estimated_in)::bigint, sum(t.estimated_out)::bigint, max(t.occupancy_max), sum(t.readings)::bigint,
         sum(t.stores_counted)::integer, sum(t.covered), sum(t.covered_series)::bigint
    from (
      select n.day, n.count_in, n.count_out, n.unallocated_in, n.unallocated_out, n.estimated_in, n.estimated_out,
             n.occupancy_max, n.readings, n.stores_counted, n.covered, n.covered_series
        from private.node_daily n
       where n.node_id = any ((place).nodes) and n.day between from_day and to_day
      union all
      select s.day, s.count_in, s.count_out, s.unallocated_in, s.unallocated_out, s.estimated_in, s.estimated_out,
             s.occupancy_max, s.readings, case when s.readings > 0 then 1 else 0 end, s.covered, s.covered_series
        from unnest((place).loose_stores) as w (id)
        join private.store_daily s on s.store_id = w.id and s.day between from_day and to_day) as t
   group by t.day
$$;
comment on function private.wide_figures(private.scope, date, date) is 'Days of very many stores, from the materialized views';

create function private.check_period(granularity text, from_day date, to_day date) returns void
language plpgsql immutable as $$
declare
  most integer := case granularity when 'hour' then 31 when 'day' then 400 when 'week' then 3700 when 'month' then 3700 end;
begin
  if most is null then
    raise invalid_parameter_value using message = format('granularity is %s, but must be hour, day, week or month', coalesce(quote_literal(granularity), 'null'));
  elsif from_day is null or to_day is null or not isfinite(from_day) or not isfinite(to_day) then
    raise invalid_parameter_value using message = 'from and to must be dates',
      hint = 'Both days are part of the answer, for example "from": "2026-11-01", "to": "2026-11-30".';
  elsif from_day < '2000-01-01' or to_day > '2100-01-01' then
    raise invalid_parameter_value using message = format('the period from %s to %s leaves this century', from_day, to_day);
  elsif to_day < from_day then
    raise invalid_parameter_value using message = format('to (%s) lies before from (%s)', to_day, from_day);
  elsif to_day - from_day >= most then
    raise invalid_parameter_value using
      message = format('from %s to %s are %s days; a request by %s covers at most %s', from_day, to_day, to_day - from_day + 1, granularity, most),
      hint = 'Ask for a shorter period or a coarser granularity.';
  end if;
end $$;
comment on function private.check_period(text, date, date) is 'Refuses a period that makes no sense or is too long for the granularity';

create function api.analytics_unified(scope text, scope_id text, "from" date, "to" date, granularity text default 'day')
returns table (bucket text, count_in bigint, count_out bigint, unallocated_in bigint, unallocated_out bigint, estimated_in bigint,
               estimated_out bigint, occupancy_max integer, coverage double precision, state text,
               stores integer, stores_counted integer, as_of timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set jit = off
-- Lists of one store and of twenty thousand do not share a plan.
set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  -- In days of a store. Up to here the roll-ups answer within the time a page may take; beyond, the materialized views do,
  -- which know no hours.
  narrow   constant integer := 2000;
  most     constant integer := 10000;
  place    private.scope;
  from_day date := "from";
  to_day   date := "to";
  from_at  timestamptz;
  to_at    timestamptz;
  unit     text := granularity;
  figures  private.figures[];
  closed   timestamp[];
  told_at  timestamptz := now();
begin
  if scope is null or scope not in ('store', 'region', 'sensor', 'node') then
    raise invalid_parameter_value using message = format('scope is %s, but must be store, region, sensor or node', coalesce(quote_literal(scope), 'null'));
  end if;
  perform private.check_period(unit, from_day, to_day);
  place := case when scope = 'node' then private.node_scope(scope_id) else private.place_scope(scope, scope_id) end;

  if unit = 'hour' then
    if cardinality(place.stores) * (to_day - from_day + 1) > most then
      raise invalid_parameter_value using
        message = format('hours of %s stores over %s days are more than one request may read', cardinality(place.stores), to_day - from_day + 1),
        hint = 'Ask by day, for fewer days, or for a node further down.';
    end if;
    from_at := date_trunc('hour', private.day_begins(place.calendar, from_day) + interval '59 minutes 59 seconds', 'UTC');
    to_at := least(private.day_begins(place.calendar, to_day + 1), now());
    figures := array(select f from private.hour_figures(place, from_at, to_at) as f);
    closed := array(select h at time zone 'UTC' from unnest(private.closed_hours(place.stores, array(
                      select t from generate_series(from_at, to_at - interval '1 millisecond', interval '1 hour') as t))) as h);
  else
    -- Whole weeks and months only; and no day that has not begun anywhere in the scope.
    from_day := date_trunc(unit, from_day::timestamp);
    to_day := least(date_trunc(unit, to_day::timestamp) + ('1 ' || unit)::interval - interval '1 day',
                    private.store_day(place.calendar, now()));
    if place.nodes is null or cardinality(place.stores) * (to_day - from_day + 1) <= narrow then
      figures := array(select f from private.day_figures(place, from_day, to_day) as f);
    elsif from_day < current_date - private.setting('views_reach_days')::integer then
      raise invalid_parameter_value using
        message = format('%s stores since %s are more than one request may read', cardinality(place.stores), from_day),
        hint = format('Ask for a node further down, or from %s on.', current_date - private.setting('views_reach_days')::integer + 31);
    else
      figures := array(select f from private.wide_figures(place, from_day, to_day) as f);
      told_at := (select r.refreshed_at from private.refreshes r where r.view_name = 'node_daily');
    end if;
    closed := private.closed_days(place.stores, array(
                select t::date from generate_series(from_day::timestamp, to_day, interval '1 day') as t
                except select f.bucket::date from unnest(figures) as f
                 where f.count_in + f.count_out + f.unallocated_in + f.unallocated_out + f.estimated_in + f.estimated_out > 0 or f.occupancy_max > 0))::timestamp[];
  end if;

  return query
    with slots as (
      select t as at, case when unit = 'hour' then t else date_trunc(unit, t) end as slot, t = any (closed) as closed
        from generate_series(case when unit = 'hour' then from_at at time zone 'UTC' else from_day::timestamp end,
                             case when unit = 'hour' then to_at at time zone 'UTC' - interval '1 millisecond' else to_day::timestamp end,
                             case when unit = 'hour' then interval '1 hour' else interval '1 day' end) as t
    )
    select case when unit = 'hour' then to_char(s.slot, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') else to_char(s.slot, 'YYYY-MM-DD') end,
           case when sum(f.readings) > 0 then sum(f.count_in)::bigint end,
           case when sum(f.readings) > 0 then sum(f.count_out)::bigint end,
           case when sum(f.readings) > 0 then sum(f.unallocated_in)::bigint end,
           case when sum(f.readings) > 0 then sum(f.unallocated_out)::bigint end,
           case when sum(f.readings) > 0 then sum(f.estimated_in)::bigint end,
           case when sum(f.readings) > 0 then sum(f.estimated_out)::bigint end,
           max(f.occupancy_max),
           sum(f.covered) / nullif(sum(f.covered_series), 0)::double precision,
           case when bool_or(f.readings > 0 and not s.closed) then 'counted'
                when bool_or(f.count_in + f.count_out > 0 or f.occupancy_max > 0) then 'counted'
                when bool_and(s.closed) then 'closed'
                else 'missing' end,
           cardinality(place.stores), coalesce(max(f.stores_counted), 0), told_at
      from slots s
      left join unnest(figures) as f on f.bucket = s.at
     group by s.slot
     order by s.slot;
end $$;
comment on function api.analytics_unified(text, text, date, date, text) is
  'Counts of a store, region, sensor or node by hour, day, week or month, of what the caller may see. Both days are included, in the store''s calendar '
  '(hours of a node: in the caller''s time zone). People of a day are count + unallocated + estimated; the last two have no hour. '
  'state: counted, missing (nothing was heard), closed (nobody was expected and nobody came). coverage: share of the time for which counting is known; null where nobody said. '
  'stores_counted: on how many of the stores figures rest, of a week or month its best day. as_of: figures of very many stores are as old as their materialized view.';
revoke all on function private.day_figures(private.scope, date, date), private.hour_figures(private.scope, timestamptz, timestamptz),
  private.wide_figures(private.scope, date, date), private.check_period(text, date, date),
  api.analytics_unified(text, text, date, date, text) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.analytics_unified(text, text, date, date, text) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
