-- Deploy lintel:configuration to pg
-- requires: writes
-- What people configure through PostgREST: a view per table, with the rights of whoever uses it. What was deleted is
-- not shown; deleting keeps the row, since history refers to it. Bringing it back is the DBA's (deleted_at = null).

begin;
set local role lintel_owner;

create view api.organizations with (security_invoker = true) as
  select id, organization_id, parent_id, public_id, name, level, path::text as path, lifecycle, metadata, settings,
         assigned_to, owner_id, created_at, created_by, updated_at, updated_by
    from data.organizations where deleted_at is null;
comment on view api.organizations is
  'Nodes of the tenant''s tree that the user stands above or at. Organization administrators add, change, move and delete them.';

create view api.stores with (security_invoker = true) as
  select id, organization_id, node_id, public_id, name, timezone, day_start_minute, calendar, lifecycle, config_version, metadata,
         settings, assigned_to, owner_id, created_at, created_by, updated_at, updated_by
    from data.stores where deleted_at is null;
comment on view api.stores is
  'Stores the user sees. Organization administrators and regional managers add, change, move and delete those below their nodes.';

create view api.gateways with (security_invoker = true) as
  select id, organization_id, store_id, public_id, name, version, lifecycle, status, last_seen_at, offline_since, health,
         metadata, settings, assigned_to, owner_id, created_at, created_by, updated_at, updated_by
    from data.gateways where deleted_at is null;
comment on view api.gateways is
  'Gateways of the stores the user sees. Organization administrators change them; deleting one, or lifecycle archived, revokes it at once.';

create view api.sensors with (security_invoker = true) as
  select id, organization_id, store_id, gateway_id, public_id, serial, name, model, link, lifecycle, status,
         last_data_received, offline_since, metadata, settings, assigned_to, owner_id, created_at, created_by, updated_at,
         updated_by
    from data.sensor_metadata where deleted_at is null;
comment on view api.sensors is
  'Sensors of the stores the user sees. Administrators and managers add, confirm (lifecycle), change and delete them, store staff name them.';

create view api.region_configurations with (security_invoker = true) as
  select id, organization_id, store_id, sensor_id, public_id, region, name, capacity, lifecycle, metadata, settings,
         assigned_to, owner_id, created_at, created_by, updated_at, updated_by
    from data.region_configurations where deleted_at is null;
comment on view api.region_configurations is
  'Regions of the stores the user sees. Administrators and managers add, change and delete them, store staff name them.';

create view api.user_profiles with (security_invoker = true) as
  select id, organization_id, role, display_name, timezone_preference, email_notifications, node_ids, store_ids,
         lifecycle, metadata, settings, created_at, created_by, updated_at, updated_by
    from data.user_profiles where deleted_at is null;
comment on view api.user_profiles is
  'The user''s own profile; for administrators and auditors the tenant''s. Administrators write them, everybody the own name, zone and mail.';

create view api.audit with (security_invoker = true) as
  select id, organization_id, store_id, at, actor, action, table_name, row_id, old_values, new_values, request_id
    from data.audit_log;
comment on view api.audit is
  'Who changed which configuration, for organization administrators and auditors. Always ask for a range of at.';

-- These run with the rights of whoever deletes or adds, so policies and privileges decide.
create function private.delete_softly() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  deleted bigint;
begin
  execute format('update data.%I set deleted_at = now() where id = $1 and deleted_at is null', tg_argv[0]) using old.id;
  get diagnostics deleted = row_count;
  return case when deleted = 1 then old end;
end $$;
comment on function private.delete_softly() is 'Trigger of a view: deleting a row marks it in the table named as the argument';

-- A new node or store belongs to its maker's only once it is there, so a plain "insert ... returning" would be refused.
create function private.insert_visibly() returns trigger
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  given text;
begin
  new.public_id := coalesce(new.public_id, gen_random_uuid());
  select string_agg(quote_ident(v.key), ', ') into given
    from jsonb_each(to_jsonb(new)) as v where v.value <> 'null'
     and not (v.key = 'path' and tg_table_name = 'organizations');
  execute format('insert into data.%1$I (%2$s) select %2$s from jsonb_populate_record(null::data.%1$I, $1)', tg_argv[0], given)
    using to_jsonb(new);
  execute format('select * from api.%I where public_id = $1', tg_table_name) into new using new.public_id;
  return new;
end $$;
comment on function private.insert_visibly() is 'Trigger of a view: adds the row to the table named as the argument and answers with it as it is seen';

create trigger organizations_delete instead of delete on api.organizations
  for each row execute function private.delete_softly('organizations');
create trigger stores_delete instead of delete on api.stores
  for each row execute function private.delete_softly('stores');
create trigger gateways_delete instead of delete on api.gateways
  for each row execute function private.delete_softly('gateways');
create trigger sensors_delete instead of delete on api.sensors
  for each row execute function private.delete_softly('sensor_metadata');
create trigger region_configurations_delete instead of delete on api.region_configurations
  for each row execute function private.delete_softly('region_configurations');
create trigger user_profiles_delete instead of delete on api.user_profiles
  for each row execute function private.delete_softly('user_profiles');
create trigger organizations_insert instead of insert on api.organizations
  for each row execute function private.insert_visibly('organizations');
create trigger stores_insert instead of insert on api.stores
  for each row execute function private.insert_visibly('stores');

-- Mistakes that policies do not see.
create function private.check_node_is_empty() returns trigger
language plpgsql security definer set search_path = pg_catalog, extensions, pg_temp as $$
declare
  nodes  bigint;
  stores bigint;
begin
  select count(*) into nodes from data.organizations o
   where o.path <@ new.path and o.id <> new.id and o.deleted_at is null;
  select count(*) into stores from data.stores s join data.organizations o on o.id = s.node_id
   where o.path <@ new.path and s.deleted_at is null;
  if nodes + stores > 0 then
    raise check_violation using
      message = format('organization %s still has %s nodes and %s stores below it', new.id, nodes, stores),
      hint = 'Move or delete them first: they would vanish from everybody''s sight.';
  end if;
  return new;
end $$;
comment on function private.check_node_is_empty() is 'Trigger: refuses to delete a node that something hangs from';
create trigger organizations_empty before update of deleted_at on data.organizations
  for each row when (new.deleted_at is not null and old.deleted_at is null and current_user in ('authenticated', 'lintel_hq'))
  execute function private.check_node_is_empty();

create function private.check_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  stray text;
begin
  perform now() at time zone new.timezone_preference;
  select format('node %s', n.id) into stray from unnest(new.node_ids) as n (id)
   where not exists (select from data.organizations o where o.id = n.id and o.organization_id = new.organization_id)
   limit 1;
  if stray is null then
    select format('store %s', s.id) into stray from unnest(new.store_ids) as s (id)
     where not exists (select from data.stores t where t.id = s.id and t.organization_id = new.organization_id)
     limit 1;
  end if;
  if stray is not null then
    raise check_violation using message = format('%s is none of organization %s', stray, new.organization_id),
      hint = 'node_ids are ids of api.organizations, store_ids of api.stores, both of the person''s own tenant.';
  end if;
  return new;
exception when invalid_parameter_value then
  raise check_violation using message = format('%L is not a time zone', new.timezone_preference),
    hint = 'Use a name of the IANA database, for example Europe/Berlin (see pg_timezone_names).';
end $$;
comment on function private.check_profile() is 'Trigger: refuses a profile that names nodes or stores of another tenant, or no time zone';
-- "places" comes after "fill" and before "sign".
create trigger user_profiles_places before insert or update of node_ids, store_ids, timezone_preference on data.user_profiles
  for each row when (current_user in ('authenticated', 'lintel_hq')) execute function private.check_profile();

revoke all on function private.delete_softly(), private.insert_visibly(), private.check_node_is_empty(), private.check_profile()
  from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on api.organizations, api.stores, api.gateways, api.sensors, api.region_configurations, api.user_profiles, api.audit
  from public, anon, authenticated, lintel_gateway, lintel_hq;
-- Which columns can be written, the tables' own privileges say.
grant select, insert, update, delete on api.organizations, api.stores, api.sensors, api.region_configurations, api.user_profiles
  to authenticated, lintel_hq;
grant select, update, delete on api.gateways to authenticated, lintel_hq;
grant select on api.audit to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
