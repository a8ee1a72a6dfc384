-- Verify lintel:credentials on pg

begin;

select id, public_id, organization_id, store_id, gateway_id, token_hash, secret_hash, created_by, created_at, expires_at, used_at
  from private.enrolments where false;
select gateway_id, organization_id, card_hash, previous_hash, current_hash, next_hash, tokens_from, enrolled_at, renewed_at, locked_at, history
  from private.credentials where false;
do $$
begin
  assert private.same_digest('\x01', '\x01') and not private.same_digest('\x01', '\x02') and not private.same_digest('\x01', null),
    'digests are compared wrongly';
end $$;

rollback;
