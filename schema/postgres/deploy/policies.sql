-- Deploy lintel:policies to pg
-- requires: user_references
-- requires: analytics
-- requires: alerts
-- requires: partitions
-- Who reads what. Writing is in the change writes.

begin;
set local role lintel_owner;

-- Membership. These run as the tables' owner, which policies do not bind, so no policy reads a table under
-- policy; wrapped in (select ...) and cast to an array, they run once per statement and never per row.
-- People may execute the my_ ones for the policies' sake, but cannot name them: they have no usage on the schema.
create function private.my_profile() returns data.user_profiles
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  me   uuid := private.caller_id();
  mine data.user_profiles;
begin
  select * into mine from data.user_profiles p
   where p.id = me and p.lifecycle = 'active' and p.deleted_at is null
     and exists (select from data.organizations o where o.id = p.organization_id and o.deleted_at is null);
  return mine;
end $$;
comment on function private.my_profile() is
  'Profile of the token''s subject; all null for anybody else, for a profile that is not active and in a tenant that was deleted';

create function private.sees_whole_tenant(mine data.user_profiles) returns boolean
language sql immutable
return mine.role in ('organization_administrator', 'auditor');
comment on function private.sees_whole_tenant(data.user_profiles) is 'Whether a person sees everything in the tenant';

create function private.deleted_paths(tenant bigint) returns extensions.ltree[]
language plpgsql stable as $$
begin
  return array(select o.path from data.organizations o where o.organization_id = tenant and o.deleted_at is not null);
end $$;
comment on function private.deleted_paths(bigint) is 'Deleted nodes: what hangs below them is out of sight as well';

create function private.nodes_of(mine data.user_profiles) returns bigint[]
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
declare
  whole boolean := private.sees_whole_tenant(mine);
  gone  ltree[] := private.deleted_paths(mine.organization_id);
  roots ltree[] := array(select n.path from data.organizations n
                          where n.organization_id = mine.organization_id and n.id = any (mine.node_ids));
begin
  if whole then
    return array(select o.id from data.organizations o
                  where o.organization_id = mine.organization_id and not o.path <@ gone);
  end if;
  return array(select o.id from data.organizations o
                where o.organization_id = mine.organization_id and o.path <@ roots and not o.path <@ gone);
end $$;
comment on function private.nodes_of(data.user_profiles) is 'Nodes the person stands above or at, with everything below';

create function private.stores_of(mine data.user_profiles) returns integer[]
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
declare
  gone  ltree[] := private.deleted_paths(mine.organization_id);
  roots ltree[];
begin
  -- The widest readers have the shortest way.
  if private.sees_whole_tenant(mine) and gone = '{}' then
    return array(select s.id from data.stores s
                  where s.organization_id = mine.organization_id and s.deleted_at is null);
  end if;
  roots := array(select n.path from data.organizations n where n.organization_id = mine.organization_id
                    and (private.sees_whole_tenant(mine) and n.parent_id is null or n.id = any (mine.node_ids)));
  -- Two ways, each by an index: with "or" between them, somebody with one store would look through all of the tenant's.
  return array(
    select s.id
      from data.organizations o
      join data.stores s on s.organization_id = o.organization_id and s.node_id = o.id
     where o.organization_id = mine.organization_id and o.path <@ roots and not o.path <@ gone and s.deleted_at is null
    union
    select s.id
      from unnest(mine.store_ids) as named (id)
      join data.stores s on s.id = named.id
     where s.organization_id = mine.organization_id and s.deleted_at is null
       and (select not o.path <@ gone from data.organizations o where o.id = s.node_id));
end $$;
comment on function private.stores_of(data.user_profiles) is 'Stores below the person''s nodes, and the single ones the profile names';

create function private.my_node_ids() returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return private.nodes_of(private.my_profile());
end $$;
comment on function private.my_node_ids() is 'Nodes the user stands above or at, with everything below';

create function private.my_store_ids() returns integer[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return private.stores_of(private.my_profile());
end $$;
comment on function private.my_store_ids() is 'Stores the user sees';

create function private.my_user_id() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (private.my_profile()).id;
end $$;
comment on function private.my_user_id() is 'The user, if it has a profile';

create function private.my_whole_tenant() returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  return case when private.sees_whole_tenant(mine) then mine.organization_id end;
end $$;
comment on function private.my_whole_tenant() is 'The tenant of a user who sees all of it, its people and its audit log; null for the others';

revoke all on function private.my_profile(), private.sees_whole_tenant(data.user_profiles), private.deleted_paths(bigint),
  private.nodes_of(data.user_profiles), private.stores_of(data.user_profiles), private.my_node_ids(),
  private.my_store_ids(), private.my_user_id(), private.my_whole_tenant()
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.my_node_ids(), private.my_store_ids(), private.my_user_id(), private.my_whole_tenant()
  to authenticated;

create policy my_nodes on data.organizations for select to authenticated
  using (id = any ((select private.my_node_ids())::bigint[]));
create policy my_stores on data.stores for select to authenticated
  using (id = any ((select private.my_store_ids())::integer[]));
create policy myself on data.user_profiles for select to authenticated
  using (id = (select private.my_user_id()));
create policy my_tenant on data.user_profiles for select to authenticated
  using (organization_id = (select private.my_whole_tenant()));
create policy my_tenant on data.audit_log for select to authenticated
  using (organization_id = (select private.my_whole_tenant()));

do $$
declare
  name text;
begin
  foreach name in array array['gateways', 'sensor_metadata', 'region_configurations', 'alerts',
                              'people_counting_raw', 'regional_counting_raw', 'hourly_analytics', 'daily_analytics'] loop
    execute format('create policy my_stores on data.%I for select to authenticated '
                   'using (store_id = any ((select private.my_store_ids())::integer[]))', name);
  end loop;
  -- HQ sees everything, by policies of its own: an "or is HQ" in those above would cost everybody.
  foreach name in array array['organizations', 'stores', 'gateways', 'sensor_metadata', 'user_profiles',
                              'region_configurations', 'alerts', 'people_counting_raw', 'regional_counting_raw',
                              'hourly_analytics', 'daily_analytics', 'audit_log'] loop
    execute format('create policy hq on data.%I for select to lintel_hq using (true)', name);
    execute format('revoke all on data.%I from public, anon, authenticated, lintel_gateway, lintel_hq', name);
    execute format('grant select on data.%I to authenticated, lintel_hq', name);
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
