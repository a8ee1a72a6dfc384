-- Deploy lintel:fleet to pg
-- requires: alert_lifecycle
-- requires: outbox
-- What happens without any request from a store. Every minute, by pg_cron or by cron with psql:
--   select * from private.evaluate_fleet();

begin;
set local role lintel_owner;

create table private.fleet_evaluation (
  id           smallint primary key default 1 check (id = 1),
  evaluated_at timestamptz not null,
  took_ms      integer not null check (took_ms >= 0),
  silent       integer not null check (silent >= 0),
  returned     integer not null check (returned >= 0),
  hushed       integer not null check (hushed >= 0),
  escalated    integer not null check (escalated >= 0)
) with (fillfactor = 50);
comment on table private.fleet_evaluation is 'The last run of evaluate_fleet(), one row: who reads it sees that the job still runs';
comment on column private.fleet_evaluation.id is 'Always 1';
comment on column private.fleet_evaluation.evaluated_at is 'When';
comment on column private.fleet_evaluation.took_ms is 'How long it took';
comment on column private.fleet_evaluation.silent is 'Gateways that were found to have fallen silent';
comment on column private.fleet_evaluation.returned is 'Alerts that ended because a gateway was back or gone for good';
comment on column private.fleet_evaluation.hushed is 'Alerts that a silent gateway superseded';
comment on column private.fleet_evaluation.escalated is 'Alerts that became critical';
alter table private.fleet_evaluation enable row level security;
revoke all on private.fleet_evaluation from public, anon, authenticated, lintel_gateway, lintel_hq;

-- Columns, not functions: the sweep asks them of 20,000 gateways at once.
create view private.gateway_watch as
  select g.id, g.organization_id, g.store_id, g.name, g.version, g.last_seen_at, g.offline_since,
         s.name as store_name, s.timezone, s.settings -> 'opening_hours' as opening_hours,
         g.deleted_at is null and s.deleted_at is null and g.lifecycle not in ('completed', 'cancelled', 'archived')
           and s.lifecycle not in ('completed', 'cancelled', 'archived') as watched,
         (private.alert_rule_defaults() -> 'gateway_silent')
           || coalesce(s.settings #> '{alert_rules,gateway_silent}', private.node_rule(n.path, 'gateway_silent'), '{}') as rule
    from data.gateways g
    join data.stores s on s.id = g.store_id
    join data.organizations n on n.id = s.node_id;
comment on view private.gateway_watch is 'Gateways, whether they are watched, and the rule gateway_silent as it holds for them';
revoke all on private.gateway_watch from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.mark_silent() returns integer
language plpgsql volatile as $$
declare
  marked integer;
  -- No rule may be shorter, so nothing younger is looked at.
  shortest constant interval := (select make_interval(mins => min(g.lowest)::integer) from private.alert_rule_grammar() g
                                  where g.rule = 'gateway_silent' and g.key = 'minutes');
begin
  with late as materialized (
    select w.id, w.last_seen_at, w.rule from private.gateway_watch w
     where w.watched and w.offline_since is null and w.last_seen_at < now() - shortest
  ), locked as (
    -- One that is being served at this moment is not silent.
    select g.id from data.gateways g join late l on l.id = g.id
     where g.last_seen_at = l.last_seen_at
       and l.last_seen_at < now() - make_interval(mins => (l.rule ->> 'minutes')::integer)
       for no key update of g skip locked
  )
  update data.gateways g set status = 'offline', offline_since = g.last_seen_at from locked l where g.id = l.id;
  get diagnostics marked = row_count;
  return marked;
end $$;
comment on function private.mark_silent() is 'Sets gateways offline that were not heard for longer than their store''s rule says';

create function private.open_silent() returns integer
language plpgsql volatile as $$
declare
  opened integer;
begin
  with offline as materialized (
    select w.id from private.gateway_watch w
     where w.watched and w.offline_since is not null
       and w.id not in (select a.gateway_id from data.alerts a
                         where a.ended_at is null and a.kind = 'gateway_silent' and a.gateway_id is not null)
  ), found as materialized (
    select w.* from offline o join private.gateway_watch w on w.id = o.id
  )
  insert into data.alerts (organization_id, store_id, gateway_id, kind, dedup_key, severity, message, details, opened_at)
  select w.organization_id, w.store_id, w.id, 'gateway_silent', 'gateway_silent:' || w.id, w.rule ->> 'severity',
         format('Gateway "%s" of store "%s" has been silent since %s. Its counts are kept there; check its power and the store''s network.',
                w.name, w.store_name, to_char(w.offline_since at time zone w.timezone, 'YYYY-MM-DD HH24:MI')),
         jsonb_build_object('since', w.offline_since, 'version', w.version), now()
    from found w
   where (w.rule ->> 'enabled')::boolean
     and case when (w.rule ->> 'while_closed')::boolean then true else private.is_open(w.opening_hours, w.timezone, now()) end
   order by w.store_id, w.id
  on conflict (store_id, dedup_key) where ended_at is null do nothing;
  get diagnostics opened = row_count;
  return opened;
end $$;
comment on function private.open_silent() is 'Opens gateway_silent for gateways that are offline and have none';

create function private.hush_alerts() returns integer
language plpgsql volatile as $$
begin
  -- A gateway that says nothing says more than its sensors; a store is deaf when all its gateways are.
  return private.end_alerts(array(
    select a.id
      from data.alerts a
      join data.gateways g on g.id = a.gateway_id
     where a.ended_at is null and a.kind <> 'gateway_silent' and a.sensor_id is not null and g.offline_since is not null
       for no key update of a skip locked), 'superseded')
  + private.end_alerts(array(
    select a.id
      from data.alerts a
     where a.ended_at is null and a.kind = 'no_people'
       and not exists (select from data.gateways g where g.organization_id = a.organization_id and g.store_id = a.store_id
                          and g.offline_since is null and g.deleted_at is null and g.lifecycle not in ('completed', 'cancelled', 'archived'))
       for no key update of a skip locked), 'superseded');
end $$;
comment on function private.hush_alerts() is 'Supersedes the alerts of sensors whose gateway is silent, and of stores all of whose gateways are';

create function private.end_over() returns integer
language plpgsql volatile as $$
begin
  return private.end_alerts(array(
    select a.id
      from data.alerts a
      join data.stores s on s.id = a.store_id
      left join private.gateway_watch w on w.id = a.gateway_id
     where a.ended_at is null
       and (a.kind = 'gateway_silent' and w.offline_since is null
            or a.gateway_id is not null and not w.watched
            or s.deleted_at is not null or s.lifecycle in ('completed', 'cancelled', 'archived'))
       for no key update of a skip locked), 'ended');
end $$;
comment on function private.end_over() is 'Ends gateway_silent where the gateway is back, and everything of gateways and stores that are gone for good';

create function private.evaluate_fleet()
returns table (silent integer, returned integer, hushed integer, escalated integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- One at a time; who comes while another runs has nothing to do.
  if not pg_try_advisory_xact_lock(hashtext('lintel.evaluate_fleet')) then
    return;
  end if;
  perform private.mark_silent();
  silent := private.open_silent();
  hushed := private.hush_alerts();
  returned := private.end_over();
  escalated := private.escalate_alerts();
  perform private.forget_outbox();
  insert into private.fleet_evaluation as e (evaluated_at, took_ms, silent, returned, hushed, escalated)
  values (now(), greatest(extract(epoch from clock_timestamp() - now()) * 1000, 0), evaluate_fleet.silent, evaluate_fleet.returned,
          evaluate_fleet.hushed, evaluate_fleet.escalated)
  on conflict on constraint fleet_evaluation_pkey do update
    set evaluated_at = excluded.evaluated_at, took_ms = excluded.took_ms, silent = excluded.silent,
        returned = excluded.returned, hushed = excluded.hushed, escalated = excluded.escalated;
  return next;
end $$;
comment on function private.evaluate_fleet() is
  'Finds stores that fell silent or are back, hushes what that explains, escalates. Run it every minute; a second call at the same time returns no row.';
revoke all on function private.mark_silent(), private.open_silent(), private.hush_alerts(),
  private.end_over(), private.evaluate_fleet() from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
