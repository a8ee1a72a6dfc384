-- Verify lintel:explain_counts on pg

begin;

do $$
begin
  perform api.explain_counts(gen_random_uuid(), now() - interval '1 hour', now());
  assert false, 'a sensor nobody has is explained';
exception when sqlstate 'PT404' then null;
end $$;

rollback;
