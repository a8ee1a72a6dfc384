-- Verify lintel:alerts_api on pg

begin;

select organization_id, store_id, store_public_id, store_name, public_id, kind, severity, state, message, details,
       gateway_public_id, gateway_name, sensor_public_id, sensor_name, region, region_name, opened_at, escalated_at,
       acknowledged_at, acknowledged_by, acknowledged_note
  from api.open_alerts where false;
do $$
begin
  assert has_function_privilege('authenticated', 'api.acknowledge_alert(uuid, text)', 'execute'), 'people cannot acknowledge';
  assert not has_function_privilege('lintel_gateway', 'api.resolve_alert(uuid, text)', 'execute'), 'gateways resolve';
  assert not has_function_privilege('anon', 'api.resolve_alert(uuid, text)', 'execute'), 'anybody resolves';
end $$;

rollback;
