-- Verify lintel:bulk_import on pg

begin;

select id, public_id, organization_id, store_id, source, created_by, received_at, added, corrected, unchanged, rejected
  from private.imports where false;
do $$
begin
  assert private.import_complaint('{}') is not null, 'nonsense passes for an import';
  assert not has_function_privilege('lintel_gateway', 'api.people_counting_bulk_v1(jsonb)', 'execute'), 'gateways import';
end $$;

rollback;
