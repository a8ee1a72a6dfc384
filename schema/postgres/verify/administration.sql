-- Verify lintel:administration on pg

begin;

do $$
begin
  assert (private.administered_store(gen_random_uuid())).id is null, 'whoever asks administers what does not exist';
  assert not has_function_privilege('authenticated', 'private.administered_store(uuid)', 'execute'), 'users name stores of others';
end $$;

rollback;
