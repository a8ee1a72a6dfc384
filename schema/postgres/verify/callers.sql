-- Verify lintel:callers on pg

begin;

do $$
begin
  perform set_config('request.jwt.claims', '{"sub": "no uuid"', true);
  assert private.claims() = '{}', 'malformed claims are believed';
  assert private.caller_id() is null, 'a subject that is no uuid is believed';
end $$;

rollback;
