-- Verify lintel:alerts on pg

begin;

select id, organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, severity, state, message,
       details, opened_at, acknowledged_at, resolved_at, created_at, updated_at
  from data.alerts where false;

rollback;
