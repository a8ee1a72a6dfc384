-- Revert lintel:config_version from pg

begin;

drop trigger region_configurations_config_changed on data.region_configurations;
drop trigger region_configurations_config_added on data.region_configurations;
drop trigger sensor_metadata_config_changed on data.sensor_metadata;
drop trigger sensor_metadata_config_added on data.sensor_metadata;
drop trigger organizations_config_version on data.organizations;
drop trigger stores_config_version on data.stores;
drop function private.raise_node_version();
drop function private.raise_sensor_version();
drop function private.raise_store_version();

notify pgrst, 'reload schema';
commit;
