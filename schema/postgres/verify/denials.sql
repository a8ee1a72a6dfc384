-- Verify lintel:denials on pg

begin;

do $$
begin
  assert private.deny('verify', 'no') ->> 'code' = '42501', 'a denial is not answered as PostgREST would';
  assert current_setting('response.status') = '403', 'a denial does not set the status';
  assert (select count(*) = 1 from private.denials where function = 'verify'), 'a denial is not recorded';
end $$;

rollback;
