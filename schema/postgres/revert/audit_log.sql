-- Revert lintel:audit_log from pg

begin;

drop trigger organizations_audit on data.organizations;
drop trigger stores_audit on data.stores;
drop trigger gateways_audit on data.gateways;
drop trigger sensor_metadata_audit on data.sensor_metadata;
drop trigger region_configurations_audit on data.region_configurations;
drop trigger user_profiles_audit on data.user_profiles;
drop function private.audit_row();
drop table data.audit_log;
drop function private.refuse_change();

notify pgrst, 'reload schema';
commit;
