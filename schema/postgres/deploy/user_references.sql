-- Deploy lintel:user_references to pg
-- requires: callers
-- requires: user_profiles
-- requires: region_configurations
-- Who made, changed, looks after and owns a configured row: four columns, named alike everywhere. They lead to
-- people of the same tenant only, and a person who is erased leaves null behind.

begin;
set local role lintel_owner;

alter table data.user_profiles add constraint user_profiles_organization_id_id_key unique (organization_id, id);

do $$
declare
  name    text;
  keeper  text;
  meaning constant jsonb := jsonb_build_object(
    'created_by', 'Person who made the row; null for gateways, HQ and the DBA, whom the audit log names. Filled by trigger.',
    'updated_by', 'Person who last changed its configuration; null as above. Filled by trigger.',
    'assigned_to', 'Person who looks after it',
    'owner_id', 'Person who answers for it');
begin
  foreach name in array array['organizations', 'stores', 'gateways', 'sensor_metadata', 'region_configurations', 'user_profiles'] loop
    foreach keeper in array array['created_by', 'updated_by', 'assigned_to', 'owner_id'] loop
      continue when name = 'user_profiles' and keeper in ('assigned_to', 'owner_id');
      execute format('alter table data.%1$I add column %2$I uuid, '
                     'add constraint %3$I foreign key (organization_id, %2$I) '
                     'references data.user_profiles (organization_id, id) on delete set null (%2$I)',
                     name, keeper, name || '_' || keeper || '_fkey');
      execute format('comment on column data.%I.%I is %L', name, keeper, meaning ->> keeper);
    end loop;
  end loop;
end $$;

create function private.sign_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- Only people have a profile, and only in their own tenant can the columns name them.
  person uuid := case when private.caller_role() = 'authenticated' then private.caller_id() end;
begin
  select p.id into person from data.user_profiles p where p.id = person and p.organization_id = new.organization_id;
  if tg_op = 'INSERT' then
    new.created_by := person;
  else
    new.created_by := old.created_by;
    new.updated_at := now();
  end if;
  new.updated_by := person;
  return new;
end $$;
comment on function private.sign_row() is
  'Trigger: keeps created_by, updated_by and updated_at. Fires on configuration columns only, so liveness leaves them alone.';
revoke all on function private.sign_row() from public, anon, authenticated, lintel_gateway, lintel_hq;

-- created_by and updated_by are not among the columns, so that the erasure of a person can empty them.
do $$
declare
  signed record;
begin
  for signed in
    select * from (values
      ('organizations', 'parent_id, name, level, lifecycle, metadata, settings, assigned_to, owner_id, deleted_at'),
      ('stores', 'node_id, name, timezone, day_start_minute, calendar, lifecycle, metadata, settings, assigned_to, owner_id, deleted_at'),
      ('gateways', 'store_id, name, lifecycle, metadata, settings, assigned_to, owner_id, deleted_at'),
      ('sensor_metadata', 'gateway_id, serial, name, model, link, lifecycle, metadata, settings, assigned_to, owner_id, deleted_at'),
      ('region_configurations', 'region, name, capacity, lifecycle, metadata, settings, assigned_to, owner_id, deleted_at'),
      ('user_profiles', 'role, display_name, timezone_preference, email_notifications, node_ids, store_ids, lifecycle, metadata, settings, deleted_at')
    ) as t (name, columns)
  loop
    execute format('create trigger %I before insert or update of %s on data.%I for each row execute function private.sign_row()',
                   signed.name || '_sign', signed.columns, signed.name);
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
