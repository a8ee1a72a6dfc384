-- Deploy lintel:writes to pg
-- requires: policies
-- requires: config_version
-- Who configures what. Privileges name the columns that are configuration, policies the rows, and a trigger the few
-- columns that some people may change of a row. Measurements, health, tenants and keys are nobody's to write.

begin;
set local role lintel_owner;

create function private.my_managed_tenant() returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  return case when mine.role = 'organization_administrator' then mine.organization_id end;
end $$;
comment on function private.my_managed_tenant() is 'The tenant an organization administrator configures; null for everybody else';

create function private.my_managed_node_ids() returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  if mine.role in ('organization_administrator', 'regional_manager') then
    return private.nodes_of(mine);
  end if;
  return '{}';
end $$;
comment on function private.my_managed_node_ids() is 'Nodes at which the user may have stores';

create function private.my_managed_store_ids() returns integer[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  if mine.role in ('organization_administrator', 'regional_manager') then
    mine.store_ids := '{}';  -- a manager reads single stores, and manages subtrees
    return private.stores_of(mine);
  end if;
  return '{}';
end $$;
comment on function private.my_managed_store_ids() is 'Stores the user configures';

create function private.my_edited_store_ids() returns integer[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  if mine.role = 'store_staff' then
    return private.stores_of(mine);
  end if;
  return private.my_managed_store_ids();
end $$;
comment on function private.my_edited_store_ids() is 'Stores whose sensors and regions the user may at least name';

revoke all on function private.my_managed_tenant(), private.my_managed_node_ids(), private.my_managed_store_ids(),
  private.my_edited_store_ids() from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.my_managed_tenant(), private.my_managed_node_ids(), private.my_managed_store_ids(),
  private.my_edited_store_ids() to authenticated;

-- A tenant's root is made and ended by HQ alone.
create policy my_tree_grows on data.organizations for insert to authenticated
  with check (organization_id = (select private.my_managed_tenant())
              and parent_id = any ((select private.my_managed_node_ids())::bigint[]));
create policy my_tree on data.organizations for update to authenticated
  using (organization_id = (select private.my_managed_tenant()))
  with check (organization_id = (select private.my_managed_tenant())
              and (parent_id = any ((select private.my_managed_node_ids())::bigint[])
                   or parent_id is null and deleted_at is null));
create policy my_new_stores on data.stores for insert to authenticated
  with check (node_id = any ((select private.my_managed_node_ids())::bigint[]));
create policy my_managed_stores on data.stores for update to authenticated
  using (id = any ((select private.my_managed_store_ids())::integer[]))
  with check (node_id = any ((select private.my_managed_node_ids())::bigint[]));
create policy my_gateways on data.gateways for update to authenticated
  using (organization_id = (select private.my_managed_tenant()))
  with check (organization_id = (select private.my_managed_tenant()));
create policy my_new_sensors on data.sensor_metadata for insert to authenticated
  with check (store_id = any ((select private.my_managed_store_ids())::integer[]));
create policy my_edited_sensors on data.sensor_metadata for update to authenticated
  using (store_id = any ((select private.my_edited_store_ids())::integer[]))
  with check (store_id = any ((select private.my_edited_store_ids())::integer[]));
create policy my_new_regions on data.region_configurations for insert to authenticated
  with check (store_id = any ((select private.my_managed_store_ids())::integer[]));
create policy my_edited_regions on data.region_configurations for update to authenticated
  using (store_id = any ((select private.my_edited_store_ids())::integer[]))
  with check (store_id = any ((select private.my_edited_store_ids())::integer[]));
create policy my_new_people on data.user_profiles for insert to authenticated
  with check (organization_id = (select private.my_managed_tenant()));
create policy my_people on data.user_profiles for update to authenticated
  using (organization_id = (select private.my_managed_tenant()) or id = (select private.my_user_id()))
  with check (organization_id = (select private.my_managed_tenant()) or id = (select private.my_user_id()));

do $$
declare
  written record;
begin
  for written in
    select * from (values
      ('organizations', 'public_id, ', 'parent_id, name, level, lifecycle, metadata, settings, assigned_to, owner_id'),
      ('stores', 'public_id, ', 'node_id, name, timezone, day_start_minute, lifecycle, metadata, settings, assigned_to, owner_id'),
      ('gateways', null, 'name, lifecycle, metadata, settings, assigned_to, owner_id'),
      ('sensor_metadata', '', 'gateway_id, serial, name, model, link, lifecycle, metadata, settings, assigned_to, owner_id'),
      ('region_configurations', 'sensor_id, region, ', 'name, capacity, lifecycle, metadata, settings, assigned_to, owner_id'),
      ('user_profiles', 'id, ', 'role, display_name, timezone_preference, email_notifications, node_ids, store_ids, lifecycle, metadata, settings')
    ) as t (name, only_new, configuration)
  loop
    execute format('grant update (%s, deleted_at) on data.%I to authenticated, lintel_hq', written.configuration, written.name);
    execute format('create policy hq_update on data.%I for update to lintel_hq using (true) with check (true)', written.name);
    continue when written.only_new is null;  -- a gateway enrols itself
    execute format('grant insert (%s%s) on data.%I to authenticated, lintel_hq', written.only_new, written.configuration, written.name);
    execute format('create policy hq_insert on data.%I for insert to lintel_hq with check (true)', written.name);
  end loop;
  grant insert (organization_id) on data.user_profiles to lintel_hq;
end $$;

-- A column a person does not give is filled with the only value it can have.
create function private.fill_tenant() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  case tg_table_name
    when 'stores' then
      select o.organization_id into new.organization_id from data.organizations o where o.id = new.node_id;
    when 'sensor_metadata' then
      select g.organization_id, g.store_id into new.organization_id, new.store_id
        from data.gateways g where g.id = new.gateway_id;
    when 'region_configurations' then
      select s.organization_id, s.store_id into new.organization_id, new.store_id
        from data.sensor_metadata s where s.id = new.sensor_id;
    when 'user_profiles' then
      new.organization_id := private.my_managed_tenant();
  end case;
  return new;
end $$;
comment on function private.fill_tenant() is 'Trigger: organization and store of a new row from what it refers to';

create trigger stores_fill before insert on data.stores
  for each row when (new.organization_id is null) execute function private.fill_tenant();
create trigger sensor_metadata_fill before insert on data.sensor_metadata
  for each row when (new.organization_id is null) execute function private.fill_tenant();
create trigger region_configurations_fill before insert on data.region_configurations
  for each row when (new.organization_id is null) execute function private.fill_tenant();
create trigger user_profiles_fill before insert on data.user_profiles
  for each row when (new.organization_id is null) execute function private.fill_tenant();

create function private.guard_columns() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine    data.user_profiles := private.my_profile();
  allowed text[] := tg_argv[1]::text[];
  refused text;
begin
  if mine.role = any (tg_argv[0]::text[]) then
    return new;
  end if;
  select string_agg(o.key, ', ' order by o.key) into refused
    from jsonb_each(to_jsonb(old)) as o
   where o.key <> all (allowed || '{updated_at,updated_by}') and to_jsonb(new) -> o.key is distinct from o.value;
  if refused is not null then
    raise insufficient_privilege using
      message = format('%s may not change %s of %s', replace(coalesce(mine.role, 'nobody'), '_', ' '), refused, tg_table_name),
      hint = format('Of this row only %s may be changed; ask your organization administrator for the rest.',
                    array_to_string(allowed, ', '));
  end if;
  return new;
end $$;
comment on function private.guard_columns() is
  'Trigger: people whose role is not among the first argument may change only the columns of the second';

create trigger sensor_metadata_guard before update on data.sensor_metadata
  for each row when (current_user = 'authenticated')
  execute function private.guard_columns('{organization_administrator,regional_manager}', '{name}');
create trigger region_configurations_guard before update on data.region_configurations
  for each row when (current_user = 'authenticated')
  execute function private.guard_columns('{organization_administrator,regional_manager}', '{name}');
create trigger user_profiles_guard before update on data.user_profiles
  for each row when (current_user = 'authenticated')
  execute function private.guard_columns('{organization_administrator}', '{display_name,timezone_preference,email_notifications}');

revoke all on function private.fill_tenant(), private.guard_columns() from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
