-- Verify lintel:alerts on pg

begin;

select id, organization_id, store_id, gateway_id, sensor_id, region, public_id, kind, dedup_key, severity, state, message,
       details, opened_at, escalated_at, acknowledged_at, acknowledged_by, acknowledged_note, resolved_at, resolved_by,
       resolved_note, resolution, ended_at, created_at, updated_at
  from data.alerts where false;

rollback;
