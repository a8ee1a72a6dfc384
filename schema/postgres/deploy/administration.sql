-- Deploy lintel:administration to pg
-- requires: writes
-- requires: denials
-- For functions and views that run as their owner: whose stores the caller reads and administers.

begin;
set local role lintel_owner;

-- What a reader may see: an HQ administrator everything that was not deleted, anybody else what membership says. The role is the one the
-- session has taken on; a claim of that name is not asked.
create function private.readable_store_ids() returns integer[]
language plpgsql stable security definer set search_path = pg_catalog, extensions, pg_temp as $$
begin
  if private.caller_role() = 'lintel_hq' then
    return array(select s.id from data.stores s join data.organizations o on o.id = s.node_id
                  where s.deleted_at is null and not o.path <@ array(select d.path from data.organizations d where d.deleted_at is not null));
  end if;
  return private.my_store_ids();
end $$;
comment on function private.readable_store_ids() is 'Stores whose figures the reader may see';

create function private.readable_node_ids() returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, extensions, pg_temp as $$
begin
  if private.caller_role() = 'lintel_hq' then
    return array(select o.id from data.organizations o
                  where not o.path <@ array(select d.path from data.organizations d where d.deleted_at is not null));
  end if;
  return private.my_node_ids();
end $$;
comment on function private.readable_node_ids() is 'Nodes of which the reader may see all that is below';

create function private.administered_store(store_public_id uuid) returns data.stores
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  store data.stores;
begin
  select * into store from data.stores s
   where s.public_id = store_public_id and s.deleted_at is null
     and (private.caller_role() = 'lintel_hq' or s.organization_id = private.my_managed_tenant());
  return store;
end $$;
comment on function private.administered_store(uuid) is
  'A store by its public id, if the caller is HQ or administers its organization; else all null, whether it exists or not';

create function private.person_of(store data.stores) returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  return case when mine.organization_id = store.organization_id then mine.id end;
end $$;
comment on function private.person_of(data.stores) is 'The caller as created_by of something of this store; null for anybody but people of its tenant';

create function private.deny_administration(function text, store_public_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  return private.deny(function, format('store %s is not one you administer', store_public_id),
    'Administrators of its organization and HQ may do this. Check the store''s public id and the token''s role.',
    (private.my_profile()).organization_id);
end $$;
comment on function private.deny_administration(text, uuid) is 'The answer to a caller who does not administer the store, recorded';

revoke all on function private.readable_store_ids(), private.readable_node_ids(), private.administered_store(uuid),
  private.person_of(data.stores), private.deny_administration(text, uuid) from public, anon, authenticated, lintel_gateway, lintel_hq;
-- For the sake of views that filter, whose functions run as the reader.
grant execute on function private.readable_store_ids(), private.readable_node_ids() to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
