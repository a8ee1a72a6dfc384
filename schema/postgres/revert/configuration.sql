-- Revert lintel:configuration from pg

begin;

drop view api.organizations, api.stores, api.gateways, api.sensors, api.region_configurations, api.user_profiles, api.audit;
drop trigger user_profiles_places on data.user_profiles;
drop trigger organizations_empty on data.organizations;
drop function private.check_profile();
drop function private.check_node_is_empty();
drop function private.insert_visibly();
drop function private.delete_softly();

notify pgrst, 'reload schema';
commit;
