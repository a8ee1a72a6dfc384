-- Deploy lintel:policies to pg
-- requires: user_profiles
-- requires: analytics
-- requires: alerts
-- requires: partitions

begin;
set local role lintel_owner;

-- Membership. These run as the tables' owner, which policies do not bind, so no policy reads a table under
-- policy; wrapped in (select ...) and cast to an array, they run once per statement and never per row.
-- Users may execute them for the policies' sake, but cannot name them: they have no usage on the schema.
create function private.my_profile() returns data.user_profiles
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject text := nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub';
  mine data.user_profiles;
begin
  if subject ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select * into mine from data.user_profiles p
     where p.id = subject::uuid and p.lifecycle = 'active' and p.deleted_at is null;
  end if;
  return mine;
end $$;
comment on function private.my_profile() is 'Profile of the token''s subject; all null for anybody else';

create function private.my_node_ids() returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, extensions, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  if mine.id is null then
    return '{}';
  end if;
  return array(
    select o.id from data.organizations o
     where o.organization_id = mine.organization_id and o.deleted_at is null
       and (mine.role = 'organization_administrator'
            or o.path <@ array(select n.path from data.organizations n
                                where n.organization_id = mine.organization_id and n.id = any (mine.node_ids))));
end $$;
comment on function private.my_node_ids() is 'Nodes the user stands above or at, with everything below';

create function private.my_store_ids() returns integer[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine data.user_profiles := private.my_profile();
  nodes bigint[];
begin
  if mine.id is null then
    return '{}';
  end if;
  nodes := private.my_node_ids();
  return array(
    select s.id from data.stores s
     where s.organization_id = mine.organization_id and s.deleted_at is null
       and (s.node_id = any (nodes) or s.id = any (mine.store_ids)));
end $$;
comment on function private.my_store_ids() is 'Stores the user sees';

create function private.my_user_id() returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
return (private.my_profile()).id;
comment on function private.my_user_id() is 'The user, if it has a profile';

revoke all on function private.my_profile(), private.my_node_ids(), private.my_store_ids(), private.my_user_id() from public;
grant execute on function private.my_node_ids(), private.my_store_ids(), private.my_user_id() to authenticated;

create policy my_nodes on data.organizations for select to authenticated
  using (id = any ((select private.my_node_ids())::bigint[]));
create policy my_stores on data.stores for select to authenticated
  using (id = any ((select private.my_store_ids())::integer[]));
create policy myself on data.user_profiles for select to authenticated
  using (id = (select private.my_user_id()));

do $$
declare
  name text;
begin
  foreach name in array array['gateways', 'sensor_metadata', 'region_configurations', 'alerts',
                              'people_counting_raw', 'regional_counting_raw', 'hourly_analytics', 'daily_analytics'] loop
    execute format('create policy my_stores on data.%I for select to authenticated '
                   'using (store_id = any ((select private.my_store_ids())::integer[]))', name);
  end loop;
  -- The audit log has no policy yet: nobody but its owner reads it.
  foreach name in array array['organizations', 'stores', 'gateways', 'sensor_metadata', 'user_profiles',
                              'region_configurations', 'alerts', 'people_counting_raw', 'regional_counting_raw',
                              'hourly_analytics', 'daily_analytics'] loop
    execute format('grant select on data.%I to authenticated', name);
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
