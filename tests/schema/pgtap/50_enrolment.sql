\ir setup.psql
select plan(69);

select private.set_signing_key('test', 'a secret of the tests, thirty-two long') \g /dev/null
select pg_temp.become_store('enrol') \g /dev/null
select set_config('test.own', (select public_id from data.stores where id = pg_temp.store())::text, true) \g /dev/null

create function pg_temp.secret(name text) returns text language sql as $$ select encode(sha256(convert_to(name, 'UTF8')), 'hex') $$;

-- As a stranger with no token does it.
create function pg_temp.anonymously(statement text, body jsonb) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('request.jwt.claims', '{"role": "anon"}', true);
  set local role anon;
  execute format('select api.%I($1)', statement) into answer using body;
  reset role;
  return answer;
end $$;
create function pg_temp.enrol(token text, secret text) returns jsonb
language sql as $$ select pg_temp.anonymously('gateway_enroll_v1', jsonb_build_object('v', 1, 'token', token, 'secret', pg_temp.secret(secret))) $$;
create function pg_temp.renew(enrolled text, secret text, next text, gateway text default current_setting('test.gateway')) returns jsonb
language sql as $$ select pg_temp.anonymously('gateway_renew_v1', jsonb_build_object('v', 1, 'gateway', gateway, 'enrolled', pg_temp.secret(enrolled),
  'secret', pg_temp.secret(secret), 'next', pg_temp.secret(next))) $$;
create function pg_temp.outcome(answer jsonb) returns text
language sql as $$ select coalesce(answer #>> '{error,code}', case when answer ? 'jwt' then 'jwt' end, answer::text) $$;
create function pg_temp.issue(valid interval default '7 days') returns text
language sql as $$ select private.issue_enrolment(current_setting('test.own')::uuid, valid) $$;
-- The token's claims become the request's, as PostgREST does it; then an empty sync.
create function pg_temp.sync_with(jwt text) returns text
language plpgsql as $$
declare
  payload text := split_part(jwt, '.', 2);
begin
  perform set_config('request.jwt.claims', convert_from(decode(rpad(translate(payload, '-_', '+/'), (length(payload) + 3) / 4 * 4, '='), 'base64'), 'UTF8'), true);
  return coalesce(pg_temp.sync(0, 0, '[]') ->> 'message', 'served');
end $$;

-- Issuing.
select pg_temp.issue() as token \gset
select matches(:'token'::text, '^([0-9a-f]{4}-){7}[0-9a-f]{4}$', 'a token has 128 bits, in groups a person can type');
select ok(exists (select from private.enrolments where token_hash = sha256(decode(replace(:'token', '-', ''), 'hex')) and expires_at = now() + interval '7 days'),
  'only its hash is stored, with its expiry');
select is_empty(format('select from private.enrolments e where e::text like %L or e::text like %L', '%' || :'token' || '%', '%' || replace(:'token', '-', '') || '%'), 'not the token itself');
select throws_like($$ select pg_temp.issue('31 days') $$, '%cannot be valid for%', 'no token is valid for longer than 30 days');
select throws_like($$ select pg_temp.issue('-1 second') $$, '%cannot be valid for%', 'nor one that has expired already');
select throws_like($$ select private.issue_enrolment(gen_random_uuid()) $$, '%is not known or is closed', 'an unknown store gets none');

-- Refusals.
select is(pg_temp.outcome(pg_temp.enrol(repeat('0', 32), 'a')), 'unknown_token', 'a guessed token is unknown');
select is(pg_temp.outcome(pg_temp.anonymously('gateway_enroll_v1', body::jsonb)), 'malformed', 'malformed: ' || left(body, 60)) from (values
  ('null'::text), ('[]'), ('7'), ('"x"'), ('{}'), ('{"v": 2, "token": "00000000000000000000000000000000"}'), ('{"v": 1, "token": "xyz", "secret": "00"}'),
  ('{"v": 1, "token": ["00000000000000000000000000000000"], "secret": 5}'), ('{"v": 1, "token": "' || repeat('garbage ', 100000) || '"}')) as t (body);
select is((select array_agg(distinct k order by k) from (values ('unknown_token'), ('expired'), ('used'), ('revoked'), ('unknown_card'), ('card_cloned'), ('late')) t (code),
  jsonb_object_keys(private.card_failure(code) -> 'error') k where private.card_failure(code) #>> '{error,message}' ~ '(Ask|ask|enrol|Use)'), array['code', 'message'],
  'every refusal has the same shape and says what to do');
select is((select count(*) from private.enrolments where used_at is not null) + (select count(*) from private.credentials), 0::bigint, 'none of it changed anything');

-- Enrolment.
select pg_temp.enrol(upper(:'token'), 'card 1') as answer \gset
select is((:'answer'::jsonb) - 'jwt' - 'time', (select jsonb_build_object('v', 1, 'gateway', current_setting('test.gateway'), 'expires_in', 3600, 'store',
  jsonb_build_object('id', public_id, 'name', 'enrol', 'timezone', 'Europe/Berlin', 'day_start_minute', 0)) from data.stores where id = pg_temp.store()),
  'a card becomes the store''s gateway and learns its store, name and zone');
select is(pg_temp.outcome(pg_temp.enrol(:'token', 'card 1')), 'jwt', 'the same pair again, the answer was lost');
select is(pg_temp.outcome(pg_temp.enrol(:'token', 'card 2')), 'used', 'another secret with the same token is refused');
select is((select status::text from data.gateways where store_id = pg_temp.store()), 'unknown', 'a new card has not been heard yet');
select is(pg_temp.sync_with((:'answer'::jsonb) ->> 'jwt'), 'served', 'its token is good for syncs');
select is(pg_temp.outcome(pg_temp.enrol(:'token', 'card 1')), 'used', 'and the first of them closes the enrolment');
select is((select count(*) from data.gateways where store_id = pg_temp.store()), 1::bigint, 'the store still has one gateway');
select is((select string_agg(action || ' ' || (new_values ->> 'used_at' is not null), ', ' order by id) from data.audit_log where table_name = 'enrolments'),
  'insert false, update true', 'issue and use are in the audit log');

-- Expiry, and a newer token.
select pg_temp.issue() as older \gset
select pg_temp.issue() as newer \gset
select is(pg_temp.outcome(pg_temp.enrol(:'older', 'card 3')), 'expired', 'a newer token ends the older one');
update private.enrolments set expires_at = now() where used_at is null;
select is(pg_temp.outcome(pg_temp.enrol(:'newer', 'card 3')), 'expired', 'a token that has run out is refused');

-- Renewal.
select is(pg_temp.outcome(pg_temp.renew('card 1', 'card 1', 'second')), 'jwt', 'the card renews with the secret it enrolled with');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'card 1', 'second')), 'jwt', 'again, the answer was lost');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'card 1', 'second, made anew')), 'jwt', 'and again with another next secret: the first was never used');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'second, made anew', 'third')), 'jwt', 'the next one turns');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'card 1', 'second, made anew')), 'late', 'a late repeat of the last turn is told apart from a clone');
select is(pg_temp.outcome(pg_temp.renew('a stranger', 'second', 'x')), 'unknown_card', 'a stranger who knows the gateway''s id gets nowhere');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'third', 'x', gen_random_uuid()::text)), 'unknown_card', 'nor does a gateway nobody knows');
select is((select count(*) from data.alerts where kind = 'card_cloned'), 0::bigint, 'none of that raises an alert');
select is(pg_temp.outcome(pg_temp.anonymously('gateway_renew_v1', body::jsonb)), 'malformed', 'malformed: ' || body) from (values
  ('{"v": 1}'), ('[1]'), ('{"v": 1, "gateway": "x"}')) as t (body);
select is(pg_temp.outcome(pg_temp.renew('card 1', 'third', 'third')), 'malformed', 'the next secret has to be another one');

-- A copied card.
select pg_temp.renew('card 1', 'third', 'fourth') ->> 'jwt' as jwt \gset
select is(pg_temp.outcome(pg_temp.renew('card 1', 'card 1', 'of the copy')), 'card_cloned', 'a secret from before betrays a copied card');
select is((select severity || ' ' || state || ' ' || dedup_key from data.alerts where kind = 'card_cloned' and store_id = pg_temp.store()),
  'critical open card_cloned:' || current_setting('test.gateway'), 'an alert opens');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'fourth', 'fifth')), 'card_cloned', 'both cards are refused');
select matches(pg_temp.sync_with(:'jwt'), 'no longer good', 'and their tokens at once');
select pg_temp.issue() as token \gset
select pg_temp.enrol(:'token', 'card 9') ->> 'jwt' as new_jwt \gset
select is(pg_temp.sync_with(:'new_jwt'), 'served', 'until one of them is enrolled again');
select is((select state::text from data.alerts where kind = 'card_cloned' and store_id = pg_temp.store()), 'resolved', 'which resolves the alert');
select is(pg_temp.outcome(pg_temp.renew('card 1', 'fourth', 'fifth')), 'unknown_card', 'the earlier card is nobody now');

-- A backup of HQ was restored: its secrets are those of then.
select pg_temp.outcome(pg_temp.renew('card 9', 'card 9', 'turn 1')), pg_temp.outcome(pg_temp.renew('card 9', 'turn 1', 'turn 2')) \g /dev/null
create temp table backup as select * from private.credentials;
select pg_temp.outcome(pg_temp.renew('card 9', 'turn 2', 'turn 3')), pg_temp.outcome(pg_temp.renew('card 9', 'turn 3', 'turn 4')),
       pg_temp.outcome(pg_temp.renew('card 9', 'turn 4', 'turn 5')) \g /dev/null
update private.credentials c set previous_hash = b.previous_hash, current_hash = b.current_hash, next_hash = b.next_hash from backup b where b.gateway_id = c.gateway_id;
select private.new_history() \g /dev/null
select is(pg_temp.outcome(pg_temp.renew('a stranger', 'turn 5', 'turn 6')), 'unknown_card', 'a stranger gets no further after a restore');
select is(pg_temp.outcome(pg_temp.renew('card 9', 'turn 5', 'turn 6')), 'jwt', 'a card whose secret turned after the backup was taken goes on');
select is(pg_temp.outcome(pg_temp.renew('card 9', 'turn 6', 'turn 7')), 'jwt', 'and its secret turns again');
select is((select count(*) from data.alerts where kind = 'card_cloned' and state = 'open'), 0::bigint, 'nobody is called a clone for it');

-- Revocation; a store without a gateway; the tokens of a card that was replaced.
update private.credentials set tokens_from = tokens_from + interval '1 second';
select matches(pg_temp.sync_with(:'new_jwt'), 'no longer good', 'a token from before the enrolment is refused');
update data.gateways set lifecycle = 'archived' where store_id = pg_temp.store();
select is(pg_temp.outcome(pg_temp.renew('card 9', 'card 9', 'next')), 'revoked', 'a revoked gateway gets no new token');

select throws_like($$ select pg_temp.issue() $$, 'gateway % is revoked', 'nor is a token issued for it');

-- Stores with no gateway, and with two.
insert into data.stores (id, organization_id, node_id, name) select 919191, organization_id, organization_id, 'bare' from data.stores where id = pg_temp.store();
select public_id as bare from data.stores where id = 919191 \gset
select pg_temp.enrol(private.issue_enrolment(:'bare'), 'bare card') ->> 'gateway' as made \gset
select is(:'made', (select public_id::text from data.gateways where store_id = 919191),
  'a store without a gateway gets one');
insert into data.gateways (organization_id, store_id, name) select organization_id, id, 'second' from data.stores where id = 919191;
select throws_like(format('select private.issue_enrolment(%L)', :'bare'), '%has 2 gateways', 'with two gateways the token has to name one');
select public_id as second from data.gateways where store_id = 919191 and name = 'second' \gset
select is(pg_temp.enrol(private.issue_enrolment(:'bare', '1 day', :'second'), 'second card') ->> 'gateway', :'second', 'and is for that one');
select throws_like(format('select private.issue_enrolment(%L, ''1 day'', %L)', :'bare', current_setting('test.gateway')), '%has no gateway%', 'never for one of another store');
select private.issue_enrolment(:'bare', '1 day', :'second') as token \gset
update data.stores set lifecycle = 'archived' where id = 919191;
select is(pg_temp.outcome(pg_temp.enrol(:'token', 'third card')), 'revoked', 'a store that was closed meanwhile enrols nobody');

-- Who may issue tokens.
insert into data.user_profiles (id, organization_id, role, store_ids) select p.id::uuid, p.organization_id, p.role, array[pg_temp.store()]
  from (select 'b0000000-0000-0000-0000-000000000001' as id, organization_id, 'organization_administrator' as role from data.stores where id = pg_temp.store()
        union all select 'b0000000-0000-0000-0000-000000000002', organization_id, r from data.stores, unnest('{regional_manager}'::text[]) r where id = pg_temp.store()) as p;
insert into data.organizations (id, name, level) values (929292, 'Rival', 1);
insert into data.user_profiles (id, organization_id, role, store_ids) values ('b0000000-0000-0000-0000-000000000003', 929292, 'organization_administrator', array[pg_temp.store()]);
update data.gateways set lifecycle = 'active' where store_id = pg_temp.store();
create function pg_temp.issued_by(who text, sub text) returns text
language plpgsql as $$
declare
  answer jsonb;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', sub)::text, true);
  execute format('set local role %I', who);
  execute 'select api.issue_enrolment(current_setting(''test.own'')::uuid)' into answer;
  reset role;
  return coalesce(answer #>> '{store,name}', case when answer ->> 'code' = '42501' and current_setting('response.status', true) = '403' then 'denied' end, answer::text);
exception when insufficient_privilege then
  reset role;
  return 'denied';
end $$;
select is(pg_temp.issued_by(who, sub), outcome, who || ' ' || label) from (values
  ('authenticated', 'b0000000-0000-0000-0000-000000000001', 'enrol', 'an administrator issues tokens for its stores'),
  ('authenticated', 'b0000000-0000-0000-0000-000000000002', 'denied', 'a manager does not'),
  ('authenticated', 'b0000000-0000-0000-0000-000000000003', 'denied', 'nor the administrator of another tenant'),
  ('authenticated', 'b0000000-0000-0000-0000-000000000009', 'denied', 'nor somebody without a profile'),
  ('lintel_hq', 'b0000000-0000-0000-0000-000000000009', 'enrol', 'HQ does'),
  ('lintel_gateway', 'b0000000-0000-0000-0000-000000000001', 'denied', 'a gateway does not'),
  ('anon', 'b0000000-0000-0000-0000-000000000001', 'denied', 'a stranger does not, whatever its claims say')) as t (who, sub, outcome, label);

-- Keys overlapping.
select private.set_signing_key('newer', 'another secret, thirty-two characters') \g /dev/null
select is((select array_agg(k ->> 'kid') from jsonb_array_elements(private.signing_key_set() -> 'keys') k), array['newer', 'test'], 'PostgREST is told both keys while they overlap');
update private.signing_keys set retired_at = now() where kid = 'test';
select is(jsonb_array_length(private.signing_key_set() -> 'keys'), 2, 'a retired key still verifies');
select is_empty($$ select p.oid::regprocedure from pg_proc p, unnest('{anon,authenticated,lintel_gateway,lintel_hq}'::text[]) r
   where p.proname in ('mint_gateway_token', 'set_signing_key', 'signing_key_set', 'card_answer') and has_function_privilege(r, p.oid, 'execute')
  union all select null where has_table_privilege('lintel_hq', 'private.signing_keys', 'select') $$, 'and nobody but the owner can read or use a key');

select * from finish();
rollback;
