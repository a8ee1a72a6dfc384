-- Deploy lintel:refresh_analytics to pg
-- requires: analytics_views

begin;
set local role lintel_owner;

create table private.refreshes (
  view_name    text primary key,
  refreshed_at timestamptz not null,
  took_ms      integer not null check (took_ms >= 0),
  changes      bigint not null check (changes >= 0)
);
comment on table private.refreshes is 'When each materialized view was last refreshed, and of what';
comment on column private.refreshes.view_name is 'The view, in the schema private';
comment on column private.refreshes.refreshed_at is 'As of when it shows its sources';
comment on column private.refreshes.took_ms is 'How long that took';
comment on column private.refreshes.changes is 'Changes its sources had seen before; while they see no more, there is nothing to refresh';
alter table private.refreshes enable row level security;

-- The server counts changed rows anyway and reports them after their commit, so a change is never missed: at worst it is
-- seen by the next refresh. What this very transaction has changed is added.
create function private.changes_of(tables text[]) returns bigint
language plpgsql volatile as $$
begin
  return (
    select sum(pg_stat_get_tuples_inserted(t) + pg_stat_get_tuples_updated(t) + pg_stat_get_tuples_deleted(t)
             + pg_stat_get_xact_tuples_inserted(t) + pg_stat_get_xact_tuples_updated(t) + pg_stat_get_xact_tuples_deleted(t))
      from (select name::regclass::oid as t from unnest(tables) as name) as s);
end $$;
comment on function private.changes_of(text[]) is 'How many rows of these tables have ever been changed';

create function private.refresh_analytics(anyway boolean default false)
returns table (view_name text, outcome text, took_ms integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  part    record;
  last    private.refreshes;
  changes bigint;
  began   timestamptz;
begin
  if not pg_try_advisory_xact_lock(hashtext('lintel.refresh_analytics')) then
    raise lock_not_available using message = 'the views of analytics are being refreshed already',
      hint = 'Nothing to do: the one that runs brings them up to date. If this happens often, refresh less often.';
  end if;
  -- In this order: the second and the third are made from the first.
  for part in
    select * from (values
      (1, 'store_daily', array['data.daily_analytics', 'private.coverage', 'data.stores']),
      (2, 'store_weekly', array['data.daily_analytics', 'private.coverage', 'data.stores']),
      (3, 'node_daily', array['data.daily_analytics', 'private.coverage', 'data.stores', 'data.organizations']),
      (4, 'sensor_uptime', array['data.daily_analytics', 'private.coverage', 'data.stores', 'data.sensor_metadata']),
      (5, 'fleet_summary', array['data.stores', 'data.organizations', 'data.gateways', 'data.sensor_metadata', 'data.alerts']))
      as v (n, name, sources) order by n
  loop
    changes := private.changes_of(part.sources);
    select * into last from private.refreshes r where r.view_name = part.name;
    -- Once a day in any case: they look back a number of days from today.
    if found and not anyway and last.changes = changes and current_setting('track_counts')::boolean
       and last.refreshed_at > now() - interval '1 day' and last.refreshed_at::date = current_date then
      return query select part.name, 'unchanged', 0;
      continue;
    end if;
    began := clock_timestamp();
    execute format('refresh materialized view concurrently private.%I', part.name);
    execute format('analyze private.%I', part.name);
    took_ms := extract(epoch from clock_timestamp() - began) * 1000;
    insert into private.refreshes as r (view_name, refreshed_at, took_ms, changes)
    values (part.name, now(), refresh_analytics.took_ms, changes)
    on conflict on constraint refreshes_pkey do update
      set refreshed_at = excluded.refreshed_at, took_ms = excluded.took_ms, changes = excluded.changes;
    return query select part.name, 'refreshed', refresh_analytics.took_ms;
  end loop;
end $$;
comment on function private.refresh_analytics(boolean) is
  'Brings the materialized views up to date while they are read; one whose sources have not changed is left alone unless told otherwise. To be called every few minutes.';
revoke all on function private.refresh_analytics(boolean), private.changes_of(text[])
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
