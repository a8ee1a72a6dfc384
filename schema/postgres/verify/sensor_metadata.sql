-- Verify lintel:sensor_metadata on pg

begin;

select id, organization_id, store_id, gateway_id, public_id, serial, name, model, link, lifecycle, status,
       last_data_received, offline_since, metadata, settings, created_at, updated_at, deleted_at
  from data.sensor_metadata where false;

rollback;
