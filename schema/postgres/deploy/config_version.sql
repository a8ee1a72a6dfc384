-- Deploy lintel:config_version to pg
-- requires: sensor_metadata
-- requires: region_configurations
-- requires: store_days

begin;
set local role lintel_owner;

-- Both run under the store's row lock, so versions are handed out one after the other.
create function private.raise_store_version() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.config_version := old.config_version + 1;
  return new;
end $$;
comment on function private.raise_store_version() is 'Trigger: a changed store gets a new config_version';

create function private.raise_sensor_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update data.stores set config_version = config_version + 1
   where id = case when tg_op = 'DELETE' then old.store_id else new.store_id end;
  return null;
end $$;
comment on function private.raise_sensor_version() is 'Trigger: a changed sensor or region gives its store a new config_version';

-- What a node says of hours and updates holds for the stores below; a node that moves takes its own along, and each below it is moved itself.
create function private.raise_node_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, extensions, pg_temp as $$
begin
  update data.stores s set config_version = s.config_version + 1
   where s.organization_id = new.organization_id
     and s.node_id in (select o.id from data.organizations o
                        where o.path <@ new.path and (o.id = new.id or old.settings is distinct from new.settings));
  return null;
end $$;
comment on function private.raise_node_version() is 'Trigger: a node that says something else to the gateways below gives their stores a new config_version';

create trigger stores_config_version before update of node_id, name, timezone, day_start_minute, calendar, lifecycle, settings, deleted_at
  on data.stores for each row
  when ((old.node_id, old.name, old.timezone, old.day_start_minute, old.calendar, old.lifecycle, old.settings, old.deleted_at)
        is distinct from (new.node_id, new.name, new.timezone, new.day_start_minute, new.calendar, new.lifecycle, new.settings, new.deleted_at))
  execute function private.raise_store_version();
create trigger organizations_config_version after update on data.organizations for each row
  when ((old.path::text, old.settings -> 'opening_hours', old.settings -> 'updates')
        is distinct from (new.path::text, new.settings -> 'opening_hours', new.settings -> 'updates'))
  execute function private.raise_node_version();
create trigger sensor_metadata_config_added after insert or delete on data.sensor_metadata
  for each row execute function private.raise_sensor_version();
create trigger sensor_metadata_config_changed
  after update of gateway_id, serial, name, model, lifecycle, settings, deleted_at on data.sensor_metadata
  for each row
  when ((old.gateway_id, old.serial, old.name, old.model, old.lifecycle, old.settings, old.deleted_at)
        is distinct from (new.gateway_id, new.serial, new.name, new.model, new.lifecycle, new.settings, new.deleted_at))
  execute function private.raise_sensor_version();
create trigger region_configurations_config_added after insert or delete on data.region_configurations
  for each row execute function private.raise_sensor_version();
create trigger region_configurations_config_changed
  after update of sensor_id, public_id, region, name, capacity, lifecycle, settings, deleted_at on data.region_configurations
  for each row
  when ((old.sensor_id, old.public_id, old.region, old.name, old.capacity, old.lifecycle, old.settings, old.deleted_at)
        is distinct from (new.sensor_id, new.public_id, new.region, new.name, new.capacity, new.lifecycle, new.settings, new.deleted_at))
  execute function private.raise_sensor_version();

notify pgrst, 'reload schema';
commit;
