-- Verify lintel:given_up on pg

begin;

select store_id, sensor_id, regional, label, day, epoch, readings, count_in, count_out, told_at from private.given_up where false;
do $$
begin
  assert private.given_up_complaint('{"sensor": 1, "line": "", "day": "yesterday"}', '{"1": {"id": 1}}') is not null, 'any day is taken';
end $$;

rollback;
