-- Verify lintel:enrolment on pg

begin;

do $$
begin
  assert has_function_privilege('anon', 'api.gateway_enroll_v1(jsonb)', 'execute'), 'no card can enrol';
  assert not has_function_privilege('anon', 'api.issue_enrolment(uuid, interval, uuid)', 'execute'), 'anybody issues tokens';
  assert private.card_failure('expired') #>> '{error,message}' <> '', 'a refusal says nothing';
end $$;

rollback;
