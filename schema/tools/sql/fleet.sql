-- Stores, the blind ones first. As HQ's administrators see them: the view asks for the role.
select f.name as store, f.public_id, o.name as organization, f.blind, f.reason,
       to_char(f.blind_since, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as blind_since, extract(epoch from f.blind_for)::bigint as blind_seconds,
       f.version, to_char(f.version_since, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as version_since,
       to_char(f.last_seen_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_seen_at, f.gateways, f.sensors, f.sensors_offline,
       f.backlog::bigint as backlog, f.open_alerts, f.critical_alerts
  from api.fleet_health f
  join data.organizations o on o.id = f.organization_id
 where ($1::boolean or f.blind) and ($2::uuid is null or o.public_id = $2)
 order by f.blind desc, f.blind_for desc nulls last, f.name, f.public_id
