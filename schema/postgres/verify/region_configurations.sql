-- Verify lintel:region_configurations on pg

begin;

select id, organization_id, store_id, sensor_id, public_id, region, name, capacity, lifecycle, metadata, settings,
       created_at, updated_at, deleted_at
  from data.region_configurations where false;

do $$
begin
  assert private.counted_from_complaint('[{"line": "1"}]', 0) like '%serial%', 'lines without a sensor are taken';
end $$;

rollback;
