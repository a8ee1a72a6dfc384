-- Verify lintel:analytics on pg

begin;

select organization_id, store_id, sensor_id, line, region, hour_at, count_in, count_out, occupancy_max, readings,
       updated_at
  from data.hourly_analytics where false;
select organization_id, store_id, sensor_id, line, region, day, count_in, count_out, unallocated_in,
       unallocated_out, estimated_in, estimated_out, occupancy_max, readings, updated_at
  from data.daily_analytics where false;

rollback;
