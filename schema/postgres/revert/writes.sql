-- Revert lintel:writes from pg

begin;

drop trigger user_profiles_guard on data.user_profiles;
drop trigger region_configurations_guard on data.region_configurations;
drop trigger sensor_metadata_guard on data.sensor_metadata;
drop function private.guard_columns();
drop trigger user_profiles_fill on data.user_profiles;
drop trigger region_configurations_fill on data.region_configurations;
drop trigger sensor_metadata_fill on data.sensor_metadata;
drop trigger stores_fill on data.stores;
drop function private.fill_tenant();
do $$
declare
  doomed record;
begin
  for doomed in
    select p.policyname, p.tablename from pg_policies p where p.schemaname = 'data' and p.cmd in ('INSERT', 'UPDATE')
  loop
    execute format('drop policy %I on data.%I', doomed.policyname, doomed.tablename);
    execute format('revoke insert, update on data.%I from authenticated, lintel_hq', doomed.tablename);
  end loop;
  for doomed in
    select a.attname, a.attrelid::regclass as relation from pg_attribute a
     where a.attacl is not null and a.attrelid::regclass::text like 'data.%'
  loop
    execute format('revoke insert (%1$I), update (%1$I) on %2$s from authenticated, lintel_hq', doomed.attname, doomed.relation);
  end loop;
end $$;
drop function private.my_edited_store_ids();
drop function private.my_managed_store_ids();
drop function private.my_managed_node_ids();
drop function private.my_managed_tenant();

notify pgrst, 'reload schema';
commit;
