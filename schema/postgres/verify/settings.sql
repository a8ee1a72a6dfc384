-- Verify lintel:settings on pg

begin;

do $$
begin
  assert private.setting('history')::uuid is not null, 'no history id';
  assert private.setting('raw_retention_months')::integer > 0, 'no retention';
  assert private.setting('no such setting') is null, 'an unknown setting has a value';
end $$;

rollback;
