-- Verify lintel:fleet_health on pg

begin;

select organization_id, node_id, store_id, public_id, name, blind, reason, blind_since, blind_for, gateways, gateways_silent,
       version, version_since, last_seen_at, backlog, sensors, sensors_offline, last_data_received, open_alerts,
       critical_alerts, failing_rules, platform
  from api.fleet_health where false;
do $$
begin
  assert private.platform_health() is null, 'anybody sees how HQ is';
end $$;

rollback;
