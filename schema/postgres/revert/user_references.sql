-- Revert lintel:user_references from pg

begin;

do $$
declare
  name   text;
  keeper text;
begin
  foreach name in array array['organizations', 'stores', 'gateways', 'sensor_metadata', 'region_configurations', 'user_profiles'] loop
    execute format('drop trigger %I on data.%I', name || '_sign', name);
    foreach keeper in array array['created_by', 'updated_by', 'assigned_to', 'owner_id'] loop
      continue when name = 'user_profiles' and keeper in ('assigned_to', 'owner_id');
      execute format('alter table data.%I drop column %I', name, keeper);
    end loop;
  end loop;
end $$;
drop function private.sign_row();
alter table data.user_profiles drop constraint user_profiles_organization_id_id_key;

notify pgrst, 'reload schema';
commit;
