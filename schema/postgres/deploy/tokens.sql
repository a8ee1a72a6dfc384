-- Deploy lintel:tokens to pg
-- requires: gateways

begin;
set local role lintel_owner;

create table private.signing_keys (
  kid        text primary key,
  secret     text not null check (length(secret) >= 32),
  created_at timestamptz not null default clock_timestamp(),
  retired_at timestamptz
);
comment on table private.signing_keys is 'Keys tokens are signed with: the same as PostgREST''s jwt-secret. The newest that is not retired signs.';
comment on column private.signing_keys.kid is 'Key id, goes into the token''s header; empty: none';
comment on column private.signing_keys.secret is 'The secret, 32 characters or more';
comment on column private.signing_keys.created_at is 'When it was set';
comment on column private.signing_keys.retired_at is 'When it stopped signing';
alter table private.signing_keys enable row level security;

create function private.set_signing_key(kid text, secret text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if length(secret) < 32 or secret is null then
    raise exception 'the secret has % characters, 32 are the least', coalesce(length(secret), 0)
      using hint = 'Use the same text as PostgREST''s jwt-secret, for example from: openssl rand -hex 32';
  end if;
  insert into private.signing_keys as k (kid, secret) values (coalesce(set_signing_key.kid, ''), set_signing_key.secret)
  on conflict on constraint signing_keys_pkey do update
    set secret = excluded.secret, created_at = excluded.created_at, retired_at = null;
end $$;
comment on function private.set_signing_key(text, text) is
  'Sets the key that tokens are signed with, equal to PostgREST''s jwt-secret. kid is empty unless jwt-secret is a key set.';

create function private.base64url(bytes bytea) returns text
language sql immutable strict
return translate(encode(bytes, 'base64'), E'+/=\n', '-_');
comment on function private.base64url(bytea) is 'Base64 as tokens use it';

-- A retired key stays in the set until its row is deleted: what it has signed is good to the end.
create function private.signing_key_set() returns jsonb
language sql stable
return jsonb_build_object('keys', (
  select coalesce(jsonb_agg(jsonb_build_object('kty', 'oct', 'alg', 'HS256', 'use', 'sig', 'kid', k.kid,
                                               'k', private.base64url(convert_to(k.secret, 'UTF8'))) order by k.created_at desc), '[]')
    from private.signing_keys k));
comment on function private.signing_key_set() is 'All keys as PostgREST''s jwt-secret wants them while two overlap (a JWK set). For the owner or a DBA.';

create function private.mint_gateway_token(gateway_public_id uuid, valid interval default '1 hour') returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  key private.signing_keys;
  issued bigint := floor(extract(epoch from now()));
  signed text;
begin
  select * into key from private.signing_keys k where k.retired_at is null order by k.created_at desc limit 1;
  if not found then
    raise exception 'there is no signing key'
      using hint = 'select private.set_signing_key('''', ''PostgREST''''s jwt-secret'');';
  end if;
  if not exists (select from data.gateways g where g.public_id = gateway_public_id and g.deleted_at is null) then
    raise exception 'gateway % is not known', gateway_public_id
      using hint = 'select public_id, name from data.gateways;';
  end if;
  if valid <= interval '0' or valid > interval '10 years' then
    raise exception 'a token cannot be valid for %', valid using hint = 'Up to 10 years; an hour is the default.';
  end if;
  signed := private.base64url(convert_to(
              (jsonb_build_object('alg', 'HS256', 'typ', 'JWT')
               || case when key.kid <> '' then jsonb_build_object('kid', key.kid) else '{}' end)::text, 'UTF8'))
            || '.' || private.base64url(convert_to(
              jsonb_build_object('role', 'lintel_gateway', 'sub', gateway_public_id, 'iat', issued,
                                 'exp', issued + extract(epoch from valid)::bigint)::text, 'UTF8'));
  return signed || '.' || private.base64url(
    extensions.hmac(convert_to(signed, 'UTF8'), convert_to(key.secret, 'UTF8'), 'sha256'));
end $$;
comment on function private.mint_gateway_token(uuid, interval) is
  'A token (JWT, HS256) with which the gateway may sync. To be called by the owner or a DBA only.';
revoke all on function private.set_signing_key(text, text), private.base64url(bytea), private.signing_key_set(),
  private.mint_gateway_token(uuid, interval) from public, anon, authenticated, lintel_gateway;

notify pgrst, 'reload schema';
commit;
