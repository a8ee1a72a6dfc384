-- Deploy lintel:enrolment to pg
-- requires: credentials
-- requires: administration
-- requires: gateway_sync

begin;
set local role lintel_owner;

create function private.issue_enrolment(store_public_id uuid, valid interval default '7 days',
                                        gateway_public_id uuid default null) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  store   data.stores;
  gateway data.gateways;
  living  integer;
  token   bytea := extensions.gen_random_bytes(16);
begin
  select * into store from data.stores s where s.public_id = store_public_id for no key update;
  if store.id is null or store.deleted_at is not null or store.lifecycle in ('completed', 'cancelled', 'archived') then
    raise exception 'store % is not known or is closed', store_public_id using hint = 'select public_id, name from data.stores;';
  end if;
  if valid is null or valid <= interval '0' or valid > interval '30 days' then
    raise exception 'an enrolment token cannot be valid for %', coalesce(valid::text, 'null') using hint = 'Up to 30 days; 7 days is the default.';
  end if;
  select count(*) into living from data.gateways g where g.store_id = store.id and g.deleted_at is null;
  if gateway_public_id is null and living > 1 then
    raise exception 'store % has % gateways', store_public_id, living using hint = 'Say which one the token is for: its public id is the third argument.';
  end if;
  select * into gateway from data.gateways g
   where g.store_id = store.id and g.deleted_at is null and g.public_id = coalesce(gateway_public_id, g.public_id);
  if gateway.id is null and gateway_public_id is not null then
    raise exception 'store % has no gateway %', store_public_id, gateway_public_id using hint = 'select public_id, name from data.gateways;';
  end if;
  if gateway.lifecycle in ('completed', 'cancelled', 'archived') then
    raise exception 'gateway % is revoked', gateway.public_id using hint = 'Set its lifecycle to active first.';
  end if;
  update private.enrolments e set expires_at = now()
   where e.store_id = store.id and e.used_at is null and e.expires_at > now() and e.gateway_id is not distinct from gateway.id;
  insert into private.enrolments (organization_id, store_id, gateway_id, token_hash, created_by, expires_at)
  values (store.organization_id, store.id, gateway.id, sha256(token), private.person_of(store), now() + valid);
  return regexp_replace(encode(token, 'hex'), '(....)(?!$)', '\1-', 'g');
end $$;
comment on function private.issue_enrolment(uuid, interval, uuid) is
  'A token with which one card becomes the store''s gateway; shown once, stored as a hash. Ends the older open ones. For the owner or a DBA.';

create function api.issue_enrolment(store uuid, valid interval default '7 days', gateway uuid default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  its data.stores := private.administered_store(store);
begin
  if its.id is null then
    return private.deny_administration('issue_enrolment', store);
  end if;
  return jsonb_build_object('token', private.issue_enrolment(store, valid, gateway), 'expires_at', now() + valid,
                            'store', jsonb_build_object('id', its.public_id, 'name', its.name, 'timezone', its.timezone));
end $$;
comment on function api.issue_enrolment(uuid, interval, uuid) is
  'A token, shown once, with which one card becomes the store''s gateway. For HQ and administrators of the organization.';

create function private.card_answer(gateway data.gateways) returns jsonb
language plpgsql volatile as $$
begin
  return jsonb_build_object('v', 1, 'jwt', private.mint_gateway_token(gateway.public_id, interval '1 hour'), 'expires_in', 3600,
                            'time', floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
end $$;
comment on function private.card_answer(data.gateways) is 'What a card gets that may go on: a token of an hour and HQ''s time';

create function private.card_failure(code text) returns jsonb
language sql immutable
return jsonb_build_object('v', 1, 'error', jsonb_build_object('code', code, 'message', case code
  when 'unknown_token' then 'HQ does not know this enrolment token. Check that all 32 digits are there; else ask HQ for a new one.'
  when 'expired' then 'This enrolment token is no longer valid. Ask HQ for a new one.'
  when 'used' then 'This enrolment token has been used by a card. Ask HQ for a new one.'
  when 'revoked' then 'HQ has revoked this gateway or closed its store. Ask HQ.'
  when 'unknown_card' then 'HQ does not know this card: another one may have been enrolled for the store. Ask HQ for an enrolment token.'
  when 'card_cloned' then 'A secret came back that had been replaced: two cards hold this identity, and both are refused. Remove one and enrol the other with a new token from HQ.'
  when 'late' then 'A later renewal of this card has been answered already. Use the newer secret.'
end));
comment on function private.card_failure(text) is 'Answer to a card that may not go on: which case it is and what to do';

-- The gateway a token is for; made if the store has none. A card that was flashed anew takes over the row of its
-- store, with the sensors that hang from it, so that there are no twins.
create function private.enrolled_gateway(enrolment private.enrolments, store data.stores) returns data.gateways
language plpgsql volatile as $$
declare
  gateway data.gateways;
begin
  select * into gateway from data.gateways g
   where g.store_id = store.id and g.deleted_at is null and g.id = coalesce(enrolment.gateway_id, g.id)
   order by g.id limit 1 for no key update;
  if gateway.id is null and enrolment.gateway_id is null then
    insert into data.gateways (organization_id, store_id, name)
    values (store.organization_id, store.id, left(store.name, 192) || ' gateway') returning * into gateway;
  end if;
  return gateway;
end $$;
comment on function private.enrolled_gateway(private.enrolments, data.stores) is 'The gateway an enrolment is for, locked; null when it is gone';

create function private.enrol_card(enrolment private.enrolments, gateway data.gateways, secret_hash bytea) returns void
language plpgsql volatile as $$
begin
  insert into private.credentials as c (gateway_id, organization_id, card_hash, current_hash, tokens_from, enrolled_at, history)
  values (gateway.id, gateway.organization_id, secret_hash, secret_hash, date_trunc('second', now()), now(), private.setting('history'))
  on conflict on constraint credentials_pkey do update
    set card_hash = excluded.card_hash, current_hash = excluded.current_hash, previous_hash = null, next_hash = null,
        tokens_from = excluded.tokens_from, enrolled_at = excluded.enrolled_at, renewed_at = null, locked_at = null,
        history = excluded.history;
  -- The new card has not been heard yet; its first sync closes the enrolment.
  update data.gateways g set status = 'unknown' where g.id = gateway.id;
  update private.enrolments e set used_at = clock_timestamp(), secret_hash = enrol_card.secret_hash, gateway_id = gateway.id
   where e.id = enrolment.id;
  perform private.end_alerts(array(
    select a.id from data.alerts a
     where a.store_id = gateway.store_id and a.gateway_id = gateway.id and a.kind = 'card_cloned' and a.ended_at is null), 'ended');
end $$;
comment on function private.enrol_card(private.enrolments, data.gateways, bytea) is
  'Makes the card with this secret the gateway''s; whatever an earlier card held is worth nothing from here on';

-- A stranger's guess costs two digests and one look into an index, takes no lock and writes nothing.
create function api.gateway_enroll_v1(jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  token     text := lower(regexp_replace(left($1 ->> 'token', 100), '[- ]', '', 'g'));
  secret    text := left($1 ->> 'secret', 100);
  hash      bytea;
  enrolment private.enrolments;
  store     data.stores;
  gateway   data.gateways;
begin
  if coalesce(jsonb_typeof($1) <> 'object' or $1 -> 'v' <> '1' or token !~ '^[0-9a-f]{32}$' or secret !~* '^[0-9a-f]{64}$', true)
     or jsonb_typeof($1 -> 'token') <> 'string' or jsonb_typeof($1 -> 'secret') <> 'string' then
    return private.sync_failure('malformed', 'v must be 1, token 32 and secret 64 hexadecimal digits');
  end if;
  hash := private.digest_of(secret);
  select * into enrolment from private.enrolments e where e.token_hash = private.digest_of(token) for no key update;
  if enrolment.id is null then
    return private.card_failure('unknown_token');
  elsif enrolment.used_at is null and enrolment.expires_at <= now() then
    return private.card_failure('expired');
  elsif enrolment.used_at is not null and not private.same_digest(hash, enrolment.secret_hash) then
    return private.card_failure('used');
  end if;
  select * into store from data.stores s where s.id = enrolment.store_id;
  gateway := private.enrolled_gateway(enrolment, store);
  if gateway.id is null or store.deleted_at is not null or store.lifecycle in ('completed', 'cancelled', 'archived')
     or gateway.lifecycle in ('completed', 'cancelled', 'archived') then
    return private.card_failure('revoked');
  end if;
  if enrolment.used_at is null then
    perform private.enrol_card(enrolment, gateway, hash);
  elsif gateway.last_seen_at >= enrolment.used_at or not exists (
          select from private.credentials c
           where c.gateway_id = gateway.id and c.card_hash = hash and c.renewed_at is null and c.locked_at is null) then
    return private.card_failure('used');
  end if;
  return private.card_answer(gateway) || jsonb_build_object('gateway', gateway.public_id, 'store', jsonb_build_object(
    'id', store.public_id, 'name', store.name, 'timezone', store.timezone, 'day_start_minute', store.day_start_minute));
end $$;
comment on function api.gateway_enroll_v1(jsonb) is
  'Trades an enrolment token and a secret the card made for the gateway''s identity and first token. The same pair may be repeated until the first sync.';

revoke all on function private.issue_enrolment(uuid, interval, uuid), private.card_answer(data.gateways), private.card_failure(text),
  private.enrolled_gateway(private.enrolments, data.stores), private.enrol_card(private.enrolments, data.gateways, bytea)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function api.issue_enrolment(uuid, interval, uuid), api.gateway_enroll_v1(jsonb)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.issue_enrolment(uuid, interval, uuid) to authenticated, lintel_hq;
grant execute on function api.gateway_enroll_v1(jsonb) to anon;

notify pgrst, 'reload schema';
commit;
