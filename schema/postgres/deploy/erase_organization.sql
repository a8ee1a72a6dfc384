-- Deploy lintel:erase_organization to pg
-- requires: erasure
-- requires: retention
-- requires: refresh_analytics
-- A tenant can have a billion rows: they go in batches, each a transaction of its own, and the tombstone remembers how far it got.

begin;
set local role lintel_owner;

-- In this order no row goes before those that refer to it: readings, roll-ups, whatever the private schema knows (a table that others
-- refer to after those), the business tables from the leaves to the root, the audit log last, since the rest is recorded in it.
create view private.tenant_tables as
  with columns as (
    select c.oid, n.nspname as schema_name, c.relname as table_name,
           bool_or(a.attname = 'organization_id') as has_tenant, bool_or(a.attname = 'store_id') as has_store, bool_or(a.attname = 'gateway_id') as has_gateway,
           bool_or(a.attname = 'alert_id') as has_alert
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private')
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and c.relname <> 'erasures'
     group by c.oid, n.nspname, c.relname
  ), known as (
    select k.*, array_position(array['people_counting_raw', 'regional_counting_raw', 'hourly_analytics', 'daily_analytics'], k.table_name::text) as early,
           array_position(array['alerts', 'region_configurations', 'sensor_metadata', 'gateways', 'user_profiles', 'stores', 'organizations', 'audit_log'], k.table_name::text) as late,
           (select count(*) from pg_constraint f where f.contype = 'f' and f.confrelid = k.oid and f.conrelid <> k.oid) as referrers
      from columns k
     where k.has_tenant or k.has_store or k.has_gateway
  )
  select case when k.schema_name = 'private' then 100 + k.referrers else coalesce(k.early, 1000 + coalesce(k.late, 0)) end as rank,
         coalesce(p.schema_name, k.schema_name::text) as schema_name, coalesce(p.partition_name, k.table_name::text) as table_name,
         k.table_name::text as counted_as,
         -- By store where there is an index that starts with it.
         case when k.has_store and (not k.has_tenant or k.early is not null) then 'store_id = any ($2)'
              when k.has_tenant then 'organization_id = $1'
              else 'gateway_id in (select g.id from data.gateways g where g.organization_id = $1)' end as condition,
         case when k.has_store and k.has_tenant and k.early is null then 'organization_id = $1 and store_id = any ($2)'
              when k.has_store then 'store_id = any ($2)'
              when k.table_name = 'stores' then 'id = any ($2)'
              when k.has_gateway then 'gateway_id in (select g.id from data.gateways g where g.store_id = any ($2))'
              when k.has_alert then 'alert_id in (select a.id from data.alerts a where a.store_id = any ($2))' end as store_condition
    from known k
    left join (select 'partitions' as schema_name, b.table_name, b.partition_name from private.partition_bounds b) as p
      on k.schema_name = 'data' and p.table_name = k.table_name;
comment on view private.tenant_tables is 'Tables and partitions with rows of tenants, in the order in which they can be emptied of one ($1 the tenant, $2 its stores), or of stores alone (store_condition; null where the rows are the tenant''s)';

create function private.forget_organization(tenant bigint, batch integer, out finished boolean, out counts jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  stores integer[] := array(select s.id from data.stores s where s.organization_id = tenant);
  place  record;
  taken  bigint;
  room   bigint := batch;
begin
  counts := '{}';
  finished := true;
  perform set_config('lintel.erasing', 'on', true);
  for place in select * from private.tenant_tables t order by t.rank, t.table_name loop
    -- The nodes of a tree go at once: half a tree would hang from nothing.
    execute format('with gone as (delete from %1$I.%2$I where %3$s returning 1) select count(*) from gone',
                   place.schema_name, place.table_name,
                   case when place.table_name = 'organizations' then place.condition
                        else format('ctid = any (array(select ctid from %I.%I where %s limit $3))', place.schema_name, place.table_name, place.condition) end)
      into taken using tenant, stores, room;
    if taken > 0 then
      counts := private.add_counts(counts, jsonb_build_object(place.counted_as, taken));
      room := room - taken;
    end if;
    if room <= 0 then
      finished := false;
      exit;
    end if;
  end loop;
  perform set_config('lintel.erasing', 'off', true);
end $$;
comment on function private.forget_organization(bigint, integer) is 'Removes at most batch rows of a tenant. finished: nothing is left.';

create function private.views_remember(tenant bigint) returns boolean
language plpgsql stable as $$
begin
  return exists (select from private.store_daily d where d.organization_id = tenant)
      or exists (select from private.store_weekly w where w.organization_id = tenant)
      or exists (select from private.sensor_uptime u where u.organization_id = tenant)
      -- These know nodes only.
      or exists (select from private.node_daily n where not exists (select from data.organizations o where o.id = n.node_id))
      or exists (select from private.fleet_summary f where not exists (select from data.organizations o where o.id = f.node_id));
end $$;
comment on function private.views_remember(bigint) is 'Whether a materialized view still shows a tenant whose rows are gone';

create function private.erase_organization(id bigint, batch integer default 20000, out finished boolean, out counts jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  tenant data.organizations;
  stone  private.erasures;
begin
  if batch is null or batch < 1 then
    raise invalid_parameter_value using message = format('batch is %s, but must be at least 1', coalesce(batch::text, 'null'));
  end if;
  perform pg_advisory_xact_lock(hashtext('lintel.erase_organization'));
  select * into tenant from data.organizations o where o.id = erase_organization.id for update;
  if tenant.parent_id is not null then
    raise invalid_parameter_value using message = format('organization %s is a node of tenant %s', tenant.id, tenant.organization_id),
      hint = 'Only a tenant can be forgotten as a whole. Hang the node''s stores elsewhere and delete it.';
  end if;
  select * into stone from private.erasures e
   where e.organization_id = erase_organization.id and e.store_id is null and (tenant.id is null or e.public_id = tenant.public_id)
   order by e.id desc limit 1;
  if tenant.id is null and stone.id is null then
    raise no_data_found using message = format('there is no organization %s', coalesce(erase_organization.id::text, 'null')),
      hint = 'select id, name from data.organizations where parent_id is null;';
  elsif tenant.id is null and stone.finished_at is not null then
    finished := true;
    counts := stone.counts;
    return;
  end if;
  if tenant.id is not null and (stone.id is null or stone.finished_at is not null) then
    -- From now on nothing of it is shown and nothing for it taken, however long the batches last.
    update data.organizations o set deleted_at = coalesce(o.deleted_at, now()) where o.organization_id = tenant.id;
    update data.stores s set deleted_at = coalesce(s.deleted_at, now()) where s.organization_id = tenant.id;
    update data.gateways g set deleted_at = coalesce(g.deleted_at, now()) where g.organization_id = tenant.id;
    insert into private.erasures as e (organization_id, public_id, requested_by, files)
    values (tenant.id, tenant.public_id, session_user,
            coalesce((select jsonb_agg(jsonb_build_object('provider', a.provider, 'namespace', a.namespace) order by a.id)
                        from private.archives a where a.organization_id = tenant.id), '[]'))
    on conflict on constraint erasures_public_id_key do update set finished_at = null, files = e.files || excluded.files
    returning * into stone;
  end if;
  select f.finished, f.counts into finished, counts from private.forget_organization(erase_organization.id, batch) as f;
  -- Nobody is shown what the views still hold, but forgotten it is only when it is gone. Another refresh is waited for: it may have
  -- begun before the rows went.
  if finished and private.views_remember(erase_organization.id) then
    perform pg_advisory_xact_lock(hashtext('lintel.refresh_analytics'));
    perform private.refresh_analytics(true);
  end if;
  update private.erasures e
     set counts = private.add_counts(e.counts, erase_organization.counts), finished_at = case when erase_organization.finished then now() end
   where e.id = stone.id
  returning e.counts into counts;
end $$;
comment on function private.erase_organization(bigint, integer) is
  'Forgets a tenant, at most batch rows a call; repeat until finished, the last call refreshes the materialized views. Returns the rows taken from each table so far. To be called by the owner or a DBA only.';

revoke all on private.tenant_tables from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function private.views_remember(bigint), private.forget_organization(bigint, integer), private.erase_organization(bigint, integer)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
