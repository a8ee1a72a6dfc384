-- Deploy lintel:targets to pg
-- requires: administration
-- Targets are data in settings.targets of nodes and stores, so that audit, policies and configuration apply to them.
-- What a node says holds for each store below it, unless something nearer to the store says otherwise.

begin;
set local role lintel_owner;

create function private.target_complaint(metric text, target jsonb) returns text
language sql immutable
return case
  when metric not in ('visitors', 'staffing') then format('%L is no target; visitors and staffing are', metric)
  when jsonb_typeof(target) not in ('number', 'object') then format('%s must be a number, or an object of numbers per weekday', metric)
  when target = '{}' then format('%s names no day', metric)
  else (select case
          when d.key <> all ('{mon,tue,wed,thu,fri,sat,sun,day}'::text[]) then format('%s: %L is no day; mon to sun are, and day for all others', metric, d.key)
          when jsonb_typeof(d.value) <> 'number' then format('%s of %s must be a number', metric, d.key)
          when (d.value #>> '{}')::numeric not between 0 and 1000000 then format('%s of %s is %s, but must be from 0 to 1000000', metric, d.key, d.value)
        end as reason
          from jsonb_each(case jsonb_typeof(target) when 'object' then target else jsonb_build_object('day', target) end) as d
         order by reason nulls last limit 1)
end;
comment on function private.target_complaint(text, jsonb) is 'Why a target cannot be used; null when it can';

create function private.check_targets() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  targets   jsonb := new.settings -> 'targets';
  complaint text;
begin
  if jsonb_typeof(targets) <> 'object' then
    complaint := 'targets must be an object';
  else
    select private.target_complaint(t.key, t.value) as reason into complaint from jsonb_each(targets) as t order by reason nulls last limit 1;
  end if;
  if complaint is not null then
    raise check_violation using message = format('settings of %s %s: %s', tg_argv[0], new.id, complaint),
      hint = 'For example {"targets": {"visitors": {"day": 400, "sat": 900}, "staffing": 6}}.';
  end if;
  return new;
end $$;
comment on function private.check_targets() is 'Trigger: settings.targets can be understood; the argument says what the row is';
create trigger organizations_targets before insert or update of settings on data.organizations
  for each row when (new.settings ? 'targets') execute function private.check_targets('organization');
create trigger stores_targets before insert or update of settings on data.stores
  for each row when (new.settings ? 'targets') execute function private.check_targets('store');

create function private.target_at(settings jsonb, metric text, weekday integer) returns numeric
language sql immutable
return case jsonb_typeof(settings -> 'targets' -> metric)
  when 'number' then (settings -> 'targets' ->> metric)::numeric
  when 'object' then coalesce(settings -> 'targets' -> metric ->> ('{mon,tue,wed,thu,fri,sat,sun}'::text[])[weekday],
                              settings -> 'targets' -> metric ->> 'day')::numeric
end;
comment on function private.target_at(jsonb, text, integer) is 'What settings say about a metric on a weekday (1 is Monday); null when nothing';

-- Once per node, metric and weekday, however many stores hang there.
create function private.targets_of(stores integer[])
returns table (store_id integer, weekday integer, visitors numeric, staffing numeric)
language sql stable set search_path = pg_catalog, extensions, pg_temp as $$
  with places as materialized (
    select s.id, s.node_id, s.settings from unnest(stores) as w (id) join data.stores s using (id)
  ), nodes as materialized (
    select n.id, d.weekday, inherited.visitors, inherited.staffing
      from (select o.id, o.path from data.organizations o where o.id in (select p.node_id from places p)) as n
     cross join generate_series(1, 7) as d (weekday)
     cross join lateral (
       select (array_agg(private.target_at(a.settings, 'visitors', d.weekday) order by nlevel(a.path) desc)
                 filter (where private.target_at(a.settings, 'visitors', d.weekday) is not null))[1] as visitors,
              (array_agg(private.target_at(a.settings, 'staffing', d.weekday) order by nlevel(a.path) desc)
                 filter (where private.target_at(a.settings, 'staffing', d.weekday) is not null))[1] as staffing
         from data.organizations a where a.id = any (string_to_array(n.path::text, '.')::bigint[])) as inherited
  )
  select p.id, n.weekday, coalesce(private.target_at(p.settings, 'visitors', n.weekday), n.visitors),
         coalesce(private.target_at(p.settings, 'staffing', n.weekday), n.staffing)
    from places p join nodes n on n.id = p.node_id
$$;
comment on function private.targets_of(integer[]) is 'Targets of stores per weekday, the nearest to the store winning';

create function private.stores_in_scope(scope text, scope_id text) returns integer[]
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
declare
  number bigint := case when scope_id ~ '^[0-9]{1,18}$' then scope_id::bigint end;
  public uuid := case when private.is_uuid(scope_id) then scope_id::uuid end;
  stores integer[];
begin
  if scope = 'store' then
    stores := array(select s.id from unnest(private.readable_store_ids()) as r (id) join data.stores s using (id)
                     where s.id = number or s.public_id = public);
  elsif scope = 'node' then
    stores := array(
      select s.id
        from data.organizations n
        join data.organizations b on b.path <@ n.path and b.deleted_at is null
        join data.stores s on s.organization_id = b.organization_id and s.node_id = b.id
        join unnest(private.readable_store_ids()) as r (id) on r.id = s.id
       where n.deleted_at is null and (n.id = number or n.public_id = public));
  else
    raise invalid_parameter_value using message = format('scope is %L', scope), hint = 'It is store or node.';
  end if;
  return stores;
end $$;
comment on function private.stores_in_scope(text, text) is 'Stores at or below a node, or one store, as far as the caller may read them; by id or public id';

-- Narrows to the caller's stores before a figure is read.
create function api.targets_and_actuals(scope text, scope_id text, "from" date, "to" date)
returns table (day date, stores integer, stores_counted integer, visitors bigint, stores_with_target integer,
               visitors_target numeric, visitors_share numeric, staffing_target numeric, visitors_per_staff numeric)
language plpgsql stable security definer set search_path = pg_catalog, extensions, pg_temp as $$
declare
  wanted integer[] := private.stores_in_scope(scope, scope_id);
begin
  if cardinality(wanted) = 0 then
    raise sqlstate 'PT404' using message = format('%s %s is not known, or not yours to see', scope, coalesce(scope_id, 'null')),
      hint = 'scope_id is the id or the public_id of a store, or of a node with stores.';
  end if;
  if coalesce("to" - "from" not between 0 and 400, true) then
    raise invalid_parameter_value using message = format('from %s to %s is no range', coalesce("from"::text, 'null'), coalesce("to"::text, 'null')),
      hint = 'to is not before from, and they lie at most 400 days apart.';
  end if;
  return query
    with targets as materialized (
      select t.weekday, count(t.visitors)::integer as with_target, sum(t.visitors) as visitors, sum(t.staffing) as staffing
        from private.targets_of(wanted) t group by t.weekday
    ), actuals as materialized (
      select a.day, count(distinct a.store_id)::integer as counted,
             sum(a.count_in + a.unallocated_in + a.estimated_in)::bigint as people
        from data.daily_analytics a
       where a.store_id = any (wanted) and a.day between "from" and "to" and a.region = ''
       group by a.day
    )
    select d.day, cardinality(wanted), coalesce(a.counted, 0), a.people, t.with_target, t.visitors,
           round(a.people / nullif(t.visitors, 0), 3), t.staffing, round(a.people / nullif(t.staffing, 0), 1)
      from (select g::date as day from generate_series("from"::timestamp, "to"::timestamp, interval '1 day') as g) as d
      left join targets t on t.weekday = extract(isodow from d.day)
      left join actuals a on a.day = d.day
     order by d.day;
end $$;
comment on function api.targets_and_actuals(text, text, date, date) is
  'Per day what a store, or the stores of a node together, should have had and had. visitors is null where nothing was counted.';

revoke all on function private.target_complaint(text, jsonb), private.check_targets(), private.target_at(jsonb, text, integer),
  private.targets_of(integer[]), private.stores_in_scope(text, text), api.targets_and_actuals(text, text, date, date)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.targets_and_actuals(text, text, date, date) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
