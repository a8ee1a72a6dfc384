-- Verify lintel:schemas on pg

begin;

do $$
begin
  assert has_schema_privilege('lintel_gateway', 'api', 'usage'), 'gateways cannot reach api';
  assert not has_schema_privilege('lintel_gateway', 'data', 'usage'), 'gateways can reach data';
  assert not has_schema_privilege('authenticated', 'private', 'usage'), 'users can reach private';
  assert not has_schema_privilege('authenticated', 'partitions', 'usage'), 'users can reach partitions';
  assert not has_schema_privilege('anon', 'data', 'usage'), 'anon can reach data';
end $$;
select extensions.hmac('a', 'b', 'sha256'), '1.2'::extensions.ltree;

rollback;
