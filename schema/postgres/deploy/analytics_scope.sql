-- Deploy lintel:analytics_scope to pg
-- requires: filtered_views
-- requires: refresh_analytics
-- requires: opening_hours
-- What a request for figures is about, narrowed to what its reader may see before a single figure is read.

begin;
set local role lintel_owner;

create type private.scope as
  (stores integer[], sensor_id integer, region text, calendar jsonb, nodes bigint[], loose_stores integer[]);
comment on type private.scope is
  'The stores a request is about, the sensor and region if only one of them counts, the calendar of its days, and the nodes and single stores that together hold the same stores';

create function private.unknown_scope(scope text, scope_id text) returns void
language plpgsql immutable as $$
begin
  -- The same words whether it does not exist or is somebody else's.
  raise sqlstate 'PT404' using message = format('%s %s is not known, or not yours to see', scope, coalesce(scope_id, 'null')),
    hint = 'scope_id is the id or the public_id of a store, region, sensor or node as the views of api show it.';
end $$;
comment on function private.unknown_scope(text, text) is 'Refuses a request about what the reader cannot see';

create function private.place_scope(scope text, scope_id text) returns private.scope
language plpgsql stable as $$
declare
  number   bigint := case when scope_id ~ '^[0-9]{1,18}$' then scope_id::bigint end;
  public   uuid := case when private.is_uuid(scope_id) then scope_id::uuid end;
  place    private.scope;
  store_id integer;
begin
  if scope = 'store' then
    select s.id into store_id from data.stores s where s.id = number or s.public_id = public;
  elsif scope = 'sensor' then
    select m.store_id, m.id into store_id, place.sensor_id from data.sensor_metadata m where m.id = number or m.public_id = public;
  else
    select r.store_id, r.sensor_id, r.region into store_id, place.sensor_id, place.region
      from data.region_configurations r where r.id = number or r.public_id = public;
  end if;
  -- Contained in, not = any: the array is searched where it is, and only once.
  if store_id is null or not array[store_id] <@ private.readable_store_ids() then
    perform private.unknown_scope(scope, scope_id);
  end if;
  place.stores := array[store_id];
  select s.calendar into place.calendar from data.stores s where s.id = store_id;
  return place;
end $$;
comment on function private.place_scope(text, text) is 'A store, sensor or region as a scope, in its store''s calendar';

create function private.node_scope(scope_id text) returns private.scope
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
declare
  node  data.organizations;
  mine  bigint[] := private.readable_node_ids();
  below bigint[];
  place private.scope;
begin
  select * into node from data.organizations o
   where o.id = case when scope_id ~ '^[0-9]{1,18}$' then scope_id::bigint end
      or o.public_id = case when private.is_uuid(scope_id) then scope_id::uuid end;
  below := array(select o.id from data.organizations o where o.path <@ node.path);
  if array[node.id] <@ mine then
    place.nodes := array[node.id];
    place.loose_stores := '{}';
    -- Node by node, by index: "offset 0" keeps it from becoming a join that reads the stores of every tenant.
    place.stores := array(select s.id
                            from unnest(below) as b (id)
                            join unnest(mine) as m (id) using (id)
                           cross join lateral (select t.id from data.stores t
                                                where t.organization_id = node.organization_id and t.node_id = b.id
                                                  and t.deleted_at is null offset 0) as s);
  else
    -- The highest of the reader's nodes in there, and the stores that hang from none of them.
    place.nodes := array(select o.id
                           from unnest(below) as b (id)
                           join unnest(mine) as m (id) using (id)
                           join data.organizations o using (id)
                          where not exists (select from unnest(mine) as n (id) where n.id = o.parent_id));
    place.stores := array(select s.id
                            from unnest(private.readable_store_ids()) as r (id)
                            join data.stores s using (id)
                            join unnest(below) as b (id) on b.id = s.node_id);
    place.loose_stores := array(select s.id
                                  from unnest(place.stores) as r (id)
                                  join data.stores s using (id)
                                 where not exists (select from unnest(mine) as n (id) where n.id = s.node_id));
    if cardinality(place.stores) = 0 then
      perform private.unknown_scope('node', scope_id);
    end if;
  end if;
  -- Hours of many stores are asked for in the reader's own calendar.
  place.calendar := private.calendar_of(coalesce((private.my_profile()).timezone_preference, 'UTC'), 0);
  return place;
end $$;
comment on function private.node_scope(text) is 'A node of the tree as a scope: what the reader may see at or below it';

-- Whether nobody was expected. A store of which nobody says when it is open is never called closed. The first hundred of very
-- many stores are asked first: as a rule one of them was open, and the others need not be looked at.
create function private.closed_days(stores integer[], days date[]) returns date[]
language plpgsql stable as $$
declare
  part      integer[];
  calendars private.calendar[];
begin
  for part in select p.stores from (values (1, stores[1:100]), (2, stores[101:])) as p (n, stores) order by p.n loop
    exit when cardinality(closed_days.days) = 0 or cardinality(part) = 0;
    calendars := array(select c from private.calendars(part) as c);
    if exists (select from unnest(calendars) as c where c.hours is null) then
      return '{}';
    end if;
    days := array(
      with calendars as materialized (
        select c.days,
               private.open_spans(c.hours, c.timezone, (select min(d) from unnest(closed_days.days) as d), (select max(d) + 1 from unnest(closed_days.days) as d)) as open
          from unnest(calendars) as c
      )
      select d from unnest(closed_days.days) as d
       where not exists (
         select from calendars c
          where c.open && tstzrange(private.day_begins(c.days, d), private.day_begins(c.days, d + 1))));
  end loop;
  return days;
end $$;
comment on function private.closed_days(integer[], date[]) is 'Those of the days on which all of the stores are closed throughout';

create function private.closed_hours(stores integer[], instants timestamptz[]) returns timestamptz[]
language plpgsql stable as $$
declare
  part      integer[];
  calendars private.calendar[];
begin
  for part in select p.stores from (values (1, stores[1:100]), (2, stores[101:])) as p (n, stores) order by p.n loop
    exit when cardinality(instants) = 0 or cardinality(part) = 0;
    calendars := array(select c from private.calendars(part) as c);
    if exists (select from unnest(calendars) as c where c.hours is null) then
      return '{}';
    end if;
    instants := array(
      with calendars as materialized (
        select private.open_spans(c.hours, c.timezone, (select min(h)::date - 1 from unnest(instants) as h), (select max(h)::date + 1 from unnest(instants) as h)) as open
          from unnest(calendars) as c
      )
      select h from unnest(instants) as h
       where not exists (select from calendars c where c.open && tstzrange(h, h + interval '1 hour')));
  end loop;
  return instants;
end $$;
comment on function private.closed_hours(integer[], timestamptz[]) is 'Those of the hours in which all of the stores are closed throughout';

create function private.hour_coverage(stores integer[], from_at timestamptz, to_at timestamptz)
returns table (store_id integer, sensor_id integer, regional boolean, label text, hour_at timestamptz, share double precision)
language sql stable as $$
  select c.store_id, c.sensor_id, c.regional, c.label, h.hour_at,
         least(coalesce(sum(extract(epoch from least(c.to_at, h.ends) - greatest(c.from_at, h.hour_at)))
                          filter (where c.state = 'counting'), 0) / extract(epoch from h.ends - h.hour_at), 1)
    from unnest(stores) as wanted (id)
    join private.coverage c on c.store_id = wanted.id and c.state <> 'unknown' and c.from_at < hour_coverage.to_at and c.to_at > hour_coverage.from_at
   cross join lateral (
     select t as hour_at, least(t + interval '1 hour', now()) as ends
       from generate_series(greatest(hour_coverage.from_at, date_trunc('hour', c.from_at, 'UTC')),
                            least(hour_coverage.to_at, c.to_at), interval '1 hour') as t) as h
   where h.hour_at < h.ends and c.from_at < h.ends and c.to_at > h.hour_at
   group by c.store_id, c.sensor_id, c.regional, c.label, h.hour_at, h.ends
$$;
comment on function private.hour_coverage(integer[], timestamptz, timestamptz) is
  'Share of each hour in which a series was counting. An hour of which nothing is known has no row. from_at is a whole hour.';

revoke all on function private.unknown_scope(text, text), private.place_scope(text, text), private.node_scope(text),
  private.closed_days(integer[], date[]), private.closed_hours(integer[], timestamptz[]),
  private.hour_coverage(integer[], timestamptz, timestamptz) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
