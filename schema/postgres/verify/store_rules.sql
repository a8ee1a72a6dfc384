-- Verify lintel:store_rules on pg

begin;

select gateway_id, hour_at, taken, rejected, codes from private.reading_quality where false;
do $$
begin
  assert private.find_clock(null, '{"seconds": 300}', 'null') is null, 'a gateway without a clock is judged';
  assert private.find_sensor_offline(null, null, '{"minutes": 30}') = '{}', 'sensors go offline from nowhere';
  assert private.find_capacity(null, null, '{"percent": 100}') = '{}', 'regions fill from nowhere';
end $$;

rollback;
