-- Revert lintel:policies from pg

begin;

do $$
declare
  name text;
begin
  foreach name in array array['gateways', 'sensor_metadata', 'region_configurations', 'alerts',
                              'people_counting_raw', 'regional_counting_raw', 'hourly_analytics', 'daily_analytics',
                              'stores'] loop
    execute format('drop policy my_stores on data.%I', name);
    execute format('revoke select on data.%I from authenticated', name);
  end loop;
end $$;
drop policy my_nodes on data.organizations;
drop policy myself on data.user_profiles;
revoke select on data.organizations, data.user_profiles from authenticated;
drop function private.my_user_id();
drop function private.my_store_ids();
drop function private.my_node_ids();
drop function private.my_profile();

notify pgrst, 'reload schema';
commit;
