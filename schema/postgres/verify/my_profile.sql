-- Verify lintel:my_profile on pg

begin;

select id, role, display_name, timezone_preference, email_notifications, organization_id, organization_name, nodes, stores, store_count
  from api.my_profile where false;
do $$
begin
  assert not has_function_privilege('anon', 'api.change_my_profile(text, text, boolean)', 'execute'), 'strangers change profiles';
end $$;

rollback;
