-- Verify lintel:targets on pg

begin;

do $$
begin
  assert private.target_at('{"targets": {"visitors": {"sat": 9, "day": 4}}}', 'visitors', 6) = 9, 'a weekday''s target is not found';
  assert private.target_complaint('visitors', '{"sat": -1}') is not null, 'a negative target passes';
  assert not has_function_privilege('anon', 'api.targets_and_actuals(text, text, date, date)', 'execute'), 'strangers read targets';
end $$;

rollback;
