-- Deploy lintel:credentials to pg
-- requires: tokens
-- requires: alerts
-- requires: audit_log
-- Secrets are never stored, only their SHA-256: they are 128 and 256 random bits, so a slow hash adds nothing.

begin;
set local role lintel_owner;

create table private.enrolments (
  id              bigint generated always as identity primary key,
  public_id       uuid not null default gen_random_uuid() unique,
  organization_id bigint not null,
  store_id        integer not null,
  gateway_id      bigint,
  token_hash      bytea not null unique check (octet_length(token_hash) = 32),
  secret_hash     bytea check (octet_length(secret_hash) = 32),
  created_by      uuid,
  created_at      timestamptz not null default now(),
  expires_at      timestamptz not null,
  used_at         timestamptz,
  foreign key (organization_id, store_id) references data.stores (organization_id, id) on delete cascade,
  foreign key (organization_id, store_id, gateway_id)
    references data.gateways (organization_id, store_id, id) on delete cascade,
  foreign key (organization_id, created_by) references data.user_profiles (organization_id, id) on delete set null (created_by),
  constraint enrolments_used check ((used_at is null) = (secret_hash is null) and (used_at is null or gateway_id is not null))
);
-- "The store's tokens that are still open": a new one ends them.
create index enrolments_store on private.enrolments (store_id);
comment on index private.enrolments_store is 'Tokens of a store that no card has used yet, and all that go with a store or gateway';

comment on table private.enrolments is 'Tokens with which a card becomes the gateway of a store, each for one card';
comment on column private.enrolments.id is 'Compact key';
comment on column private.enrolments.public_id is 'Id outside this database; says nothing about the token';
comment on column private.enrolments.organization_id is 'The tenant';
comment on column private.enrolments.store_id is 'The store it is bound to';
comment on column private.enrolments.gateway_id is 'The gateway it is for; null until it is used if the store had none when it was issued';
comment on column private.enrolments.token_hash is 'SHA-256 of the token''s 16 bytes';
comment on column private.enrolments.secret_hash is 'SHA-256 of the secret it was used with';
comment on column private.enrolments.created_by is 'Person who issued it; null for HQ and the DBA, whom the audit log names';
comment on column private.enrolments.created_at is 'When it was issued';
comment on column private.enrolments.expires_at is 'Until when it has to be used';
comment on column private.enrolments.used_at is 'When it was used';

create trigger enrolments_audit after insert or delete or update of gateway_id, expires_at, used_at on private.enrolments
  for each row execute function private.audit_row('store_id', 'gateway_id', 'expires_at', 'used_at');

create table private.credentials (
  gateway_id      bigint primary key,
  organization_id bigint not null,
  card_hash       bytea not null check (octet_length(card_hash) = 32),
  previous_hash   bytea check (octet_length(previous_hash) = 32),
  current_hash    bytea not null check (octet_length(current_hash) = 32),
  next_hash       bytea check (octet_length(next_hash) = 32),
  tokens_from     timestamptz not null,
  enrolled_at     timestamptz not null,
  renewed_at      timestamptz,
  locked_at       timestamptz,
  history         text not null,
  foreign key (organization_id, gateway_id) references data.gateways (organization_id, id) on delete cascade
) with (fillfactor = 70);  -- every renewal rewrites the row in place

comment on table private.credentials is 'What the card of each gateway has to know. A row per gateway, however often the secret turns.';
comment on column private.credentials.gateway_id is 'The gateway';
comment on column private.credentials.organization_id is 'The tenant';
comment on column private.credentials.card_hash is 'SHA-256 of the secret the card was enrolled with: tells a copy of this card from a stranger';
comment on column private.credentials.previous_hash is 'SHA-256 of the secret before current: a late repeat of the last turn is no clone';
comment on column private.credentials.current_hash is 'SHA-256 of the secret that was last used';
comment on column private.credentials.next_hash is 'SHA-256 of the secret the card announced and has not used yet';
comment on column private.credentials.tokens_from is 'Tokens issued before this instant are refused; infinity while the gateway is locked';
comment on column private.credentials.enrolled_at is 'When the card was enrolled';
comment on column private.credentials.renewed_at is 'When it last renewed its token';
comment on column private.credentials.locked_at is 'When an older secret came back: two cards hold this identity, both are refused until one is enrolled again';

comment on column private.credentials.history is 'HQ''s history when the card was last heard. After a backup was restored it is another one, and the secrets here are older than the card''s';

alter table private.enrolments enable row level security;
alter table private.credentials enable row level security;

create function private.digest_of(hex text) returns bytea
language sql immutable strict
return sha256(decode(hex, 'hex'));
comment on function private.digest_of(text) is 'SHA-256 of a secret written as hexadecimal digits';

-- Both sides go through a keyed digest with a key of the moment, so the time of the comparison tells nothing.
create function private.same_digest(a bytea, b bytea) returns boolean
language plpgsql volatile set search_path = pg_catalog, extensions, pg_temp as $$
declare
  key bytea := gen_random_bytes(32);
begin
  return hmac(a, key, 'sha256') = hmac(coalesce(b, ''), key, 'sha256') and b is not null;
end $$;
comment on function private.same_digest(bytea, bytea) is 'Whether two digests are equal, in the same time whatever they are; null equals nothing';

create function private.token_outdated(gateway_id bigint, claims jsonb) returns boolean
language plpgsql stable as $$
declare
  good_from timestamptz;
  issued    double precision := case when jsonb_typeof(claims -> 'iat') = 'number' then (claims ->> 'iat')::double precision end;
begin
  select c.tokens_from into good_from from private.credentials c where c.gateway_id = token_outdated.gateway_id;
  return found and coalesce(to_timestamp(issued) < good_from, true);
end $$;
comment on function private.token_outdated(bigint, jsonb) is
  'Whether the token was issued before the gateway''s card was enrolled, or the gateway is locked; gateways that never enrolled hold what the DBA minted';

revoke all on function private.digest_of(text), private.same_digest(bytea, bytea), private.token_outdated(bigint, jsonb)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
