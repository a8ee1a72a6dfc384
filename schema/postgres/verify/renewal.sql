-- Verify lintel:renewal on pg

begin;

do $$
begin
  assert has_function_privilege('anon', 'api.gateway_renew_v1(jsonb)', 'execute'), 'no card can renew its token';
  assert private.renewal_complaint('{}') is not null, 'nonsense passes for a renewal';
end $$;

rollback;
