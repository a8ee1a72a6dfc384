\ir setup.psql
select plan(9);
select pg_temp.become_store('tokens') \g /dev/null

select throws_like($$ select private.set_signing_key('', 'short') $$, '%32 are the least', 'a short secret is refused');
delete from private.signing_keys;
select throws_like(format('select private.mint_gateway_token(%L)', current_setting('test.gateway')), 'there is no signing key', 'no key, no token');
select private.set_signing_key('', 'an old secret of thirty-two characters') \g /dev/null
select private.set_signing_key('2026', 'a new secret of thirty-two characters!') \g /dev/null
select private.mint_gateway_token(current_setting('test.gateway')::uuid, '1 hour') as token \gset

create function pg_temp.part(token text, n integer) returns jsonb
language sql as $$
  select convert_from(decode(rpad(translate(p, '-_', '+/'), (length(p) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
    from (select split_part(token, '.', n) as p) as s;
$$;
select is(pg_temp.part(:'token', 1), '{"alg": "HS256", "typ": "JWT", "kid": "2026"}', 'the header names the newest key');
select is(pg_temp.part(:'token', 2) - 'iat' - 'exp', jsonb_build_object('role', 'lintel_gateway', 'sub', current_setting('test.gateway')), 'the claims are role and gateway');
select is((pg_temp.part(:'token', 2) ->> 'exp')::bigint - (pg_temp.part(:'token', 2) ->> 'iat')::bigint, 3600::bigint, 'and an hour');
select is(split_part(:'token', '.', 3), rtrim(translate(encode(extensions.hmac(split_part(:'token', '.', 1) || '.' || split_part(:'token', '.', 2),
  'a new secret of thirty-two characters!', 'sha256'), 'base64'), '+/', '-_'), '='), 'the signature is HMAC-SHA256 with it');
update private.signing_keys set retired_at = now() where kid = '2026';
select is(pg_temp.part(private.mint_gateway_token(current_setting('test.gateway')::uuid), 1), '{"alg": "HS256", "typ": "JWT"}', 'a retired key signs no more');
select throws_like($$ select private.mint_gateway_token('00000000-0000-0000-0000-000000000000') $$, '%is not known', 'an unknown gateway gets none');
select throws_like(format('select private.mint_gateway_token(%L, ''-1 hour'')', current_setting('test.gateway')), '%cannot be valid for%', 'nor one that has expired already');

select * from finish();
rollback;
