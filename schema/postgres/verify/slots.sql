-- Verify lintel:slots on pg

begin;

select store_id, slot, sensor_id, regional, label, seq from private.slots where false;
do $$
begin
  assert private.slots_of_bucket(0, 0, '', '') = '{}', 'a sensor nobody has has slots';
end $$;

rollback;
