-- Verify lintel:config_version on pg

begin;

do $$
begin
  assert (select count(*) = 6 from pg_trigger
           where tgname in ('stores_config_version', 'organizations_config_version', 'sensor_metadata_config_added',
                          'sensor_metadata_config_changed', 'region_configurations_config_added', 'region_configurations_config_changed')),
    'a trigger is missing';
end $$;

rollback;
