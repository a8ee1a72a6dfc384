-- Verify lintel:raw on pg

begin;

select organization_id, store_id, slot, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags,
       epoch, revision, received_at
  from data.people_counting_raw where false;
select organization_id, store_id, slot, sensor_id, region, started_at, seq, duration_ms, occupancy, flags,
       epoch, revision, received_at
  from data.regional_counting_raw where false;

rollback;
