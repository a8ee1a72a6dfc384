-- Deploy lintel:partitions to pg
-- requires: raw
-- requires: audit_log

begin;
set local role lintel_owner;

create function private.horizon(months integer) returns timestamptz
language sql stable
return date_trunc('month', now() - make_interval(months => months), 'UTC');
comment on function private.horizon(integer) is 'What starts before this instant is older than so many months; always the start of a month';
revoke all on function private.horizon(integer) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.retention_horizon() returns timestamptz
language sql stable
return private.horizon(private.setting('raw_retention_months')::integer);
comment on function private.retention_horizon() is 'Readings that start before this instant are not taken any more';

-- An organization may keep its readings for a shorter time than everybody, never for a longer one.
create function private.retention_horizon(organization_id bigint) returns timestamptz
language plpgsql stable as $$
declare
  everybodys integer := private.setting('raw_retention_months');
  its_own    integer := (select (o.settings ->> 'raw_retention_months')::integer from data.organizations o
                          where o.id = retention_horizon.organization_id);
begin
  return private.horizon(least(its_own, everybodys));
end $$;
comment on function private.retention_horizon(bigint) is 'Readings of this tenant that start before this instant are not taken any more; of no tenant: everybody''s horizon';

-- What exists is read from the catalog, so partitions that a person attached or detached count as they are.
create view private.partition_bounds as
  select p.relname::text as table_name, c.relname::text as partition_name,
         (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']*)''\)'))[1]::timestamptz as from_at,
         (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']*)''\)'))[1]::timestamptz as to_at
    from pg_class p
    join pg_namespace n on n.oid = p.relnamespace and n.nspname = 'data'
    join pg_inherits i on i.inhparent = p.oid
    join pg_class c on c.oid = i.inhrelid
   where p.relkind = 'p';
comment on view private.partition_bounds is 'Partitions and the instants they reach from and to';

create function private.add_partition(table_name text, from_at timestamptz, to_at timestamptz) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  name text := table_name || to_char(from_at, '_YYYYMMDD');
begin
  -- Create, close, then attach: nobody ever sees the partition open, and the parent is locked but briefly.
  execute format('create table partitions.%I (like data.%I including defaults including constraints including storage) '
                 -- Rows come and stay: looked at after every twentieth more, and frozen at once, not all in one night.
                 'with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05, '
                 'autovacuum_analyze_scale_factor = 0.05, autovacuum_freeze_min_age = 0)',
                 name, table_name);
  execute format('alter table partitions.%I enable row level security', name);
  execute format('revoke all on partitions.%I from public, anon, authenticated, lintel_gateway, lintel_hq', name);
  execute format('alter table data.%I attach partition partitions.%I for values from (%L) to (%L)',
                 table_name, name, from_at, to_at);
  if table_name = 'audit_log' then
    execute format('create trigger audit_log_no_truncate before truncate on partitions.%I '
                   'for each statement execute function private.refuse_change()', name);
  end if;
  return name;
end $$;
comment on function private.add_partition(text, timestamptz, timestamptz) is
  'Creates one partition under row-level security without policies: it can be reached through its parent only';

create function private.ensure_partitions(until timestamptz default null) returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  unit    text := private.setting('partition_unit');
  horizon timestamptz := coalesce(until, now() + make_interval(months => private.setting('partitions_ahead_months')::integer));
  parent  record;
  at      timestamptz;
  next_at timestamptz;
begin
  if unit not in ('month', 'week', 'day') then
    raise exception 'setting partition_unit is %, but must be month, week or day', unit;
  end if;
  -- One at a time: two maintenance jobs would trip over each other's names.
  perform pg_advisory_xact_lock(hashtext('lintel.ensure_partitions'));
  for parent in
    select * from (values ('people_counting_raw', private.retention_horizon()),
                          ('regional_counting_raw', private.retention_horizon()),
                          ('audit_log', date_trunc('month', now()))) as t (name, begins)
  loop
    at := parent.begins;
    while at <= horizon loop
      select b.to_at into next_at from private.partition_bounds b
       where b.table_name = parent.name and b.from_at <= at and at < b.to_at;
      if not found then
        next_at := date_trunc(unit, at) + ('1 ' || unit)::interval;
        select least(next_at, min(b.from_at)) into next_at from private.partition_bounds b
         where b.table_name = parent.name and b.from_at > at;
        return next private.add_partition(parent.name, at, next_at);
      end if;
      at := next_at;
    end loop;
  end loop;
end $$;
comment on function private.ensure_partitions(timestamptz) is
  'Creates what is missing from the retention limit to the given instant (default: the setting). Returns the names. Call it daily.';

create function private.partition_reserve_days() returns integer
language sql stable
return (select min(greatest(extract(day from t.reaches - now()), 0))::integer
          from (select p.relname,
                       -- The first end behind which no partition begins: a later one beyond a gap is no reserve.
                       coalesce((select min(b.to_at) from private.partition_bounds b
                                  where b.table_name = p.relname and b.to_at > now()
                                    and not exists (select from private.partition_bounds n
                                                     where n.table_name = b.table_name and n.from_at = b.to_at)
                                    and exists (select from private.partition_bounds c
                                                 where c.table_name = b.table_name and c.from_at <= now() and now() < c.to_at)),
                                now()) as reaches
                  from pg_class p
                 where p.relnamespace = 'data'::regnamespace and p.relkind = 'p') as t);
comment on function private.partition_reserve_days() is
  'Days until the first table has an instant without partition; at 0 gateways get PT503 and keep their readings';

do $$ begin perform private.ensure_partitions(); end $$;

notify pgrst, 'reload schema';
commit;
