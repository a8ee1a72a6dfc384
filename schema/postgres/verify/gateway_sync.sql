-- Verify lintel:gateway_sync on pg

begin;

do $$
begin
  assert private.ranges_json('{[1,5),[7,8)}') = '[[1, 4], [7, 7]]', 'ranges are written wrongly';
  assert private.watermark_of('{[1,5),[7,8)}') = 4 and private.watermark_of('{[2,5)}') = 0, 'the watermark is wrong';
  assert has_function_privilege('lintel_gateway', 'api.gateway_sync_v1(jsonb)', 'execute'), 'gateways cannot sync';
  assert not has_function_privilege('anon', 'api.gateway_sync_v1(jsonb)', 'execute'), 'anybody can sync';
end $$;

rollback;
