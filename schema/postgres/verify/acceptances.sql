-- Verify lintel:acceptances on pg

begin;

select id, public_id, organization_id, store_id, sensor_id, line, at, walked_in, walked_out, counted_in, counted_out, verdict,
       signed_by, note, received_at from private.acceptances where false;
select public_id, store_id, verdict from api.acceptances where false;
do $$
begin
  assert private.acceptance_complaint('{}', '{}') = 'bad_value', 'nonsense passes for a walk test';
end $$;

rollback;
