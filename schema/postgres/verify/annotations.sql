-- Verify lintel:annotations on pg

begin;

select id, public_id, organization_id, store_id, sensor_id, day, note, created_by, created_at, deleted_at
  from private.annotations where false;
select public_id, store_id, note from api.annotations where false;
do $$
begin
  assert not has_function_privilege('lintel_gateway', 'api.annotate(uuid, text, uuid, date)', 'execute'), 'gateways annotate';
end $$;

rollback;
