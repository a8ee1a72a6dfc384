-- Deploy lintel:renewal to pg
-- requires: enrolment
-- The card makes every next secret itself and announces it with the one before, so HQ sends none and an answer that
-- was lost is simply asked for again with the same pair.

begin;
set local role lintel_owner;

create function private.is_card_text(value jsonb, pattern text) returns boolean
language sql immutable
return coalesce(jsonb_typeof(value) = 'string' and length(value #>> '{}') <= 100 and value #>> '{}' ~* pattern, false);
comment on function private.is_card_text(jsonb, text) is 'Whether a JSON value is a short text of this form';

create function private.renewal_complaint(body jsonb) returns text
language sql immutable
return case
  when coalesce(jsonb_typeof(body) <> 'object' or body -> 'v' <> '1', true) then 'v must be 1'
  when not private.is_card_text(body -> 'gateway', '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then 'gateway must be a uuid'
  when not private.is_card_text(body -> 'enrolled', '^[0-9a-f]{64}$') or not private.is_card_text(body -> 'secret', '^[0-9a-f]{64}$')
    or not private.is_card_text(body -> 'next', '^[0-9a-f]{64}$') then 'enrolled, secret and next must be 64 hexadecimal digits'
  when lower(body ->> 'next') in (lower(body ->> 'secret'), lower(body ->> 'enrolled')) then 'next must be a new secret'
end;
comment on function private.renewal_complaint(jsonb) is 'Why a renewal cannot be understood; null when it can';

-- Which of two cards is the thief's cannot be known from here, so neither goes on.
create function private.lock_card(gateway data.gateways) returns void
language plpgsql volatile as $$
begin
  update private.credentials c set locked_at = now(), tokens_from = 'infinity' where c.gateway_id = gateway.id;
  insert into data.alerts (organization_id, store_id, gateway_id, kind, dedup_key, severity, message, details, opened_at)
  values (gateway.organization_id, gateway.store_id, gateway.id, 'card_cloned', 'card_cloned:' || gateway.public_id, 'critical',
          format('Two cards hold the identity of gateway %s (%s): a secret came back that had been replaced. Both are refused. '
                 'Remove one card and enrol the other with a new token.', gateway.public_id, gateway.name),
          '{}', now())
  on conflict do nothing;
  insert into data.audit_log (organization_id, actor, action, table_name, row_id, old_values, new_values)
  values (gateway.organization_id, private.actor(), 'update', 'credentials', gateway.public_id::text,
          '{"locked_at": null}', jsonb_build_object('locked_at', now()));
end $$;
comment on function private.lock_card(data.gateways) is 'Refuses both holders of a copied identity until one is enrolled again, and opens the alert card_cloned';

create function api.gateway_renew_v1(jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  complaint  text := private.renewal_complaint($1);
  presented  bytea;
  announced  bytea;
  gateway    data.gateways;
  store      data.stores;
  credential private.credentials;
begin
  if complaint is not null then
    return private.sync_failure('malformed', complaint);
  end if;
  presented := private.digest_of($1 ->> 'secret');
  announced := private.digest_of($1 ->> 'next');
  select g.* into gateway from data.gateways g where g.public_id = ($1 ->> 'gateway')::uuid;
  select c.* into credential from private.credentials c where c.gateway_id = gateway.id;
  -- A stranger gets no further: nothing is locked or written for somebody who never had this card's secret.
  if not private.same_digest(private.digest_of($1 ->> 'enrolled'), credential.card_hash) then
    return private.card_failure('unknown_card');
  end if;
  select c.* into credential from private.credentials c
   where c.gateway_id = gateway.id and c.card_hash = credential.card_hash for no key update;
  if not found then
    return private.card_failure('unknown_card');
  end if;
  select * into store from data.stores s where s.id = gateway.store_id;
  if gateway.deleted_at is not null or gateway.lifecycle in ('completed', 'cancelled', 'archived')
     or store.deleted_at is not null or store.lifecycle in ('completed', 'cancelled', 'archived') then
    return private.card_failure('revoked');
  elsif credential.locked_at is not null then
    return private.card_failure('card_cloned');
  elsif credential.history <> private.setting('history') then
    -- A backup was restored: the card's secret has turned since it was taken, and that is no clone.
    update private.credentials c
       set previous_hash = null, current_hash = presented, next_hash = announced, renewed_at = now(), history = private.setting('history')
     where c.gateway_id = gateway.id;
  elsif private.same_digest(presented, credential.next_hash) then
    update private.credentials c
       set previous_hash = c.current_hash, current_hash = c.next_hash, next_hash = announced, renewed_at = now()
     where c.gateway_id = gateway.id;
  elsif private.same_digest(presented, credential.current_hash) then
    -- The answer was lost, or this is the first renewal: what was announced before was never used.
    update private.credentials c set next_hash = announced, renewed_at = now() where c.gateway_id = gateway.id;
  elsif private.same_digest(presented, credential.previous_hash) and private.same_digest(announced, credential.current_hash) then
    return private.card_failure('late');
  else
    perform private.lock_card(gateway);
    return private.card_failure('card_cloned');
  end if;
  return private.card_answer(gateway);
end $$;
comment on function api.gateway_renew_v1(jsonb) is
  'Trades the card''s secret for a token of an hour and announces the next secret; the one before stays good until the next is first used.';

revoke all on function private.is_card_text(jsonb, text), private.renewal_complaint(jsonb), private.lock_card(data.gateways),
  api.gateway_renew_v1(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.gateway_renew_v1(jsonb) to anon;

notify pgrst, 'reload schema';
commit;
