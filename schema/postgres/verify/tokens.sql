-- Verify lintel:tokens on pg

begin;

select kid, secret, created_at, retired_at from private.signing_keys where false;
do $$
begin
  -- The example of RFC 7515, appendix A.1.
  assert private.base64url(extensions.hmac(
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
    decode('0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebfd3fb5a92d20647ef968ab4c377623d223d2e2172052e4f08c0cd9af567d080a3', 'hex'),
    'sha256')) = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'tokens are signed wrongly';
  assert not has_function_privilege('lintel_gateway', 'private.mint_gateway_token(uuid, interval)', 'execute'),
    'gateways can mint tokens';
end $$;

rollback;
