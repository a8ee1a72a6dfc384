-- Verify lintel:region_configurations on pg

begin;

select id, organization_id, store_id, sensor_id, public_id, region, name, capacity, lifecycle, metadata, settings,
       created_at, updated_at, deleted_at
  from data.region_configurations where false;

rollback;
