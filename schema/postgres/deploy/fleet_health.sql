-- Deploy lintel:fleet_health to pg
-- requires: callers
-- requires: administration
-- requires: fleet
-- requires: store_rules

begin;
set local role lintel_owner;

create function private.platform_health() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if private.caller_role() <> 'lintel_hq' then
    return null;
  end if;
  return jsonb_build_object(
    'partition_reserve_days', private.partition_reserve_days(),
    'fleet_evaluated_at', (select e.evaluated_at from private.fleet_evaluation e),
    'fleet_took_ms', (select e.took_ms from private.fleet_evaluation e),
    'outbox_waiting', (select count(*) from private.outbox o where o.state = 'waiting'),
    'outbox_overdue_since', (select min(o.next_try_at) from private.outbox o where o.state = 'waiting' and o.next_try_at < now() - interval '10 minutes'),
    'outbox_dead', (select count(*) from private.outbox o where o.state = 'dead'));
end $$;
comment on function private.platform_health() is 'How HQ itself is, for HQ administrators; null for anybody else';

create view private.store_health as
  select s.organization_id, s.node_id, s.id as store_id, s.public_id, s.name,
         b.reason is not null as blind, b.reason,
         case b.reason when 'sensors_offline' then d.offline_since else g.heard_at end as blind_since,
         now() - case b.reason when 'sensors_offline' then d.offline_since when 'gateway_silent' then g.heard_at end as blind_for,
         g.gateways, g.gateways_silent, g.version, g.version_since, g.heard_at as last_seen_at, g.backlog,
         d.sensors, d.sensors_offline, d.last_data_received,
         coalesce(a.open_alerts, 0) as open_alerts, coalesce(a.critical_alerts, 0) as critical_alerts,
         f.failing_rules
    from data.stores s
    left join lateral (
      select count(*) as gateways, count(*) filter (where g.offline_since is not null) as gateways_silent,
             max(g.last_seen_at) as heard_at, (array_agg(g.version order by g.last_seen_at desc nulls last))[1] as version,
             (array_agg(g.version_since order by g.last_seen_at desc nulls last))[1] as version_since,
             bool_and(g.offline_since is not null or g.last_seen_at is null) as silent,
             max(case when jsonb_typeof(g.health -> 'backlog') = 'number' then (g.health ->> 'backlog')::numeric end) as backlog
        from data.gateways g
       where g.organization_id = s.organization_id and g.store_id = s.id and g.deleted_at is null
         and g.lifecycle not in ('completed', 'cancelled', 'archived')
      having count(*) > 0) as g on true
    left join lateral (
      select count(*) as sensors, count(*) filter (where m.status = 'offline') as sensors_offline,
             max(m.last_data_received) as last_data_received, max(m.offline_since) as offline_since
        from data.sensor_metadata m
       where m.store_id = s.id and m.deleted_at is null and m.status <> 'disabled'
         and m.lifecycle not in ('completed', 'cancelled', 'archived')
      having count(*) > 0) as d on true
    left join lateral (
      select count(*) as open_alerts, count(*) filter (where a.severity = 'critical') as critical_alerts
        from data.alerts a where a.store_id = s.id and a.ended_at is null and a.state <> 'resolved') as a on true
    left join lateral (
      select array_agg(f.rule order by f.rule) as failing_rules
        from private.rule_failures f where f.store_id = s.id and f.last_at > now() - interval '1 day') as f on true
   cross join lateral (select case
     when g.gateways is null then 'no_gateway'
     when g.heard_at is null then 'gateway_never_seen'
     when g.silent then 'gateway_silent'
     when d.sensors > 0 and d.sensors = d.sensors_offline then 'sensors_offline' end as reason) as b
   where s.lifecycle not in ('completed', 'cancelled', 'archived');
comment on view private.store_health is 'Every store in use, deleted ones included: whether it is blind, since when, why, with which version';

-- Runs as its owner behind a barrier: of tables under policy, each would look through all of the reader's stores again.
create view api.fleet_health with (security_barrier = true) as
  select h.*, p.health as platform
    from private.store_health h
   cross join (select private.platform_health() as health) as p
   where h.store_id = any ((select private.readable_store_ids())::integer[]);
comment on view api.fleet_health is
  'Every store the user may see: whether it is blind (its counts do not arrive), since when, why, with which version. Ask for blind=is.true. platform is for HQ administrators.';
comment on column api.fleet_health.reason is 'no_gateway, gateway_never_seen, gateway_silent (all its gateways), sensors_offline (all its sensors); null where counts arrive';
comment on column api.fleet_health.blind_since is 'When its gateway was last heard, or the last of its sensors fell silent';
comment on column api.fleet_health.version is 'Version the gateway heard last reported';
comment on column api.fleet_health.version_since is 'Since when: many stores that went blind soon after this share an update';
comment on column api.fleet_health.backlog is 'Changes that still lay at the gateway when it was last heard';
comment on column api.fleet_health.failing_rules is 'Alert rules that raised an error within a day, so cannot be relied on';
comment on column api.fleet_health.platform is 'Partition reserve in days, last run of evaluate_fleet(), outbox: for HQ administrators';

revoke all on function private.platform_health() from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.platform_health() to authenticated, lintel_hq;
revoke all on private.store_health, api.fleet_health from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.fleet_health to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
