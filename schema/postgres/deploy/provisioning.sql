-- Deploy lintel:provisioning to pg
-- requires: gateways
-- requires: config_version

begin;
set local role lintel_owner;

create function private.add_store(organization_name text, store_name text, timezone text,
                                  store_public_id uuid default gen_random_uuid())
returns table (organization_id bigint, store_id integer, gateway_public_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Two installers at once must not make the organization twice.
  perform pg_advisory_xact_lock(hashtext('lintel.add_store'));
  select o.id into organization_id from data.organizations o
   where o.parent_id is null and o.name = organization_name and o.deleted_at is null order by o.id limit 1;
  if not found then
    insert into data.organizations (name) values (organization_name) returning id into organization_id;
  end if;
  insert into data.stores (organization_id, node_id, public_id, name, timezone)
  values (add_store.organization_id, add_store.organization_id, store_public_id, store_name, add_store.timezone)
  returning id into store_id;
  insert into data.gateways (organization_id, store_id, name)
  values (add_store.organization_id, add_store.store_id, store_name || ' gateway')
  returning public_id into gateway_public_id;
  return next;
end $$;
comment on function private.add_store(text, text, text, uuid) is
  'Adds a store with one gateway, and its organization if there is none of this name. To be called by the owner or a DBA only.';
revoke all on function private.add_store(text, text, text, uuid) from public, anon, authenticated, lintel_gateway;

notify pgrst, 'reload schema';
commit;
