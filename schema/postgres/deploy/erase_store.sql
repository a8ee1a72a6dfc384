-- Deploy lintel:erase_store to pg
-- requires: erase_organization
-- One store of a tenant that goes on: its rows go in batches, like a tenant's. And, for all kinds of erasure, the tombstones that are
-- kept outside the database and replayed when a backup from before was restored.

begin;
set local role lintel_owner;

create function private.forget_store(tenant bigint, store integer, batch integer, out finished boolean, out counts jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  place record;
  taken bigint;
  room  bigint := batch;
begin
  counts := '{}';
  finished := true;
  perform set_config('lintel.erasing', 'on', true);
  for place in select * from private.tenant_tables t where t.store_condition is not null order by t.rank, t.table_name loop
    execute format('with gone as (delete from %1$I.%2$I where ctid = any (array(select ctid from %1$I.%2$I where %3$s limit $3)) returning 1)
                    select count(*) from gone', place.schema_name, place.table_name, place.store_condition)
      into taken using tenant, array[store], room;
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
comment on function private.forget_store(bigint, integer, integer) is 'Removes at most batch rows of a store. finished: nothing is left.';

create function private.views_remember_store(store integer) returns boolean
language plpgsql stable as $$
begin
  return exists (select from private.store_daily d where d.store_id = store)
      or exists (select from private.store_weekly w where w.store_id = store)
      or exists (select from private.sensor_uptime u where u.store_id = store);
end $$;
comment on function private.views_remember_store(integer) is 'Whether a materialized view still shows a store whose rows are gone; sums of nodes have it as long as these do';

create function private.erase_store(id integer, batch integer default 20000, out finished boolean, out counts jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  store data.stores;
  stone private.erasures;
begin
  if batch is null or batch < 1 then
    raise invalid_parameter_value using message = format('batch is %s, but must be at least 1', coalesce(batch::text, 'null'));
  end if;
  perform pg_advisory_xact_lock(hashtext('lintel.erase_organization'));
  select * into store from data.stores s where s.id = erase_store.id for update;
  select * into stone from private.erasures e
   where e.store_id = erase_store.id and (store.id is null or e.public_id = store.public_id)
   order by e.id desc limit 1;
  if store.id is null and stone.id is null then
    raise no_data_found using message = format('there is no store %s', coalesce(erase_store.id::text, 'null')),
      hint = 'select id, public_id, name from data.stores;';
  elsif store.id is null and stone.finished_at is not null then
    finished := true;
    counts := stone.counts;
    return;
  end if;
  if store.id is not null and (stone.id is null or stone.finished_at is not null) then
    -- From now on nothing of it is shown and nothing for it taken, however long the batches last.
    update data.stores s set deleted_at = coalesce(s.deleted_at, now()) where s.id = store.id;
    update data.gateways g set deleted_at = coalesce(g.deleted_at, now()) where g.store_id = store.id;
    update data.user_profiles p set store_ids = array_remove(p.store_ids, store.id) where p.organization_id = store.organization_id and store.id = any (p.store_ids);
    insert into private.erasures as e (organization_id, store_id, public_id, requested_by, files)
    values (store.organization_id, store.id, store.public_id, session_user,
            coalesce((select jsonb_agg(jsonb_build_object('provider', a.provider, 'namespace', a.namespace) order by a.id)
                        from private.archives a where a.organization_id = store.organization_id), '[]'))
    on conflict on constraint erasures_public_id_key do update set finished_at = null, files = excluded.files
    returning * into stone;
  end if;
  select f.finished, f.counts into finished, counts from private.forget_store(stone.organization_id, erase_store.id, batch) as f;
  if finished and private.views_remember_store(erase_store.id) then
    perform pg_advisory_xact_lock(hashtext('lintel.refresh_analytics'));
    perform private.refresh_analytics(true);
  end if;
  update private.erasures e
     set counts = private.add_counts(e.counts, erase_store.counts), finished_at = case when erase_store.finished then now() end
   where e.id = stone.id
  returning e.counts into counts;
end $$;
comment on function private.erase_store(integer, integer) is
  'Forgets a store, at most batch rows a call; repeat until finished, the last call refreshes the materialized views. Returns the rows taken from each table so far. To be called by the owner or a DBA only.';

create function private.export_erasures() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('user_hash', encode(e.user_hash, 'hex'), 'organization_id', e.organization_id, 'store_id', e.store_id,
                                                       'public_id', e.public_id, 'requested_by', e.requested_by, 'started_at', e.started_at) order by e.id), '[]')
            from private.erasures e);
end $$;
comment on function private.export_erasures() is
  'The tombstones, to be kept outside the database and its backups: a backup from before an erasure does not know of it';

create function private.replay_erasures(tombstones jsonb default '[]', batch integer default 20000)
returns table (subject text, finished boolean, counts jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  stone  private.erasures;
  person uuid;
begin
  if jsonb_typeof(tombstones) is distinct from 'array' then
    raise invalid_parameter_value using message = 'tombstones must be an array', hint = 'Give what private.export_erasures() returned.';
  end if;
  insert into private.erasures (user_hash, organization_id, store_id, public_id, requested_by, started_at, finished_at)
  select decode(t ->> 'user_hash', 'hex'), (t ->> 'organization_id')::bigint, (t ->> 'store_id')::integer, (t ->> 'public_id')::uuid, t ->> 'requested_by',
         (t ->> 'started_at')::timestamptz, now()
    from jsonb_array_elements(tombstones) as t
  on conflict do nothing;

  -- People are found by trying everybody's id.
  for person in
    select i.id
      from (select p.id from data.user_profiles p
            union select m.id[1]::uuid
              from data.audit_log a,
                   lateral regexp_matches(concat(a.actor, ' ', a.row_id, ' ', a.old_values, ' ', a.new_values),
                                          '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') as m (id)) as i
      join private.erasures e on e.user_hash = private.user_hash(i.id)
  loop
    subject := 'a person';
    finished := true;
    counts := private.erase_user(person);
    return next;
  end loop;

  for stone in
    select e.* from private.erasures e
     where e.organization_id is not null and e.store_id is null
       and (e.finished_at is null
            or exists (select from data.organizations o where o.id = e.organization_id and o.public_id = e.public_id))
     order by e.id
  loop
    subject := format('organization %s', stone.organization_id);
    select f.finished, f.counts into finished, counts from private.erase_organization(stone.organization_id, batch) as f;
    return next;
  end loop;

  for stone in
    select e.* from private.erasures e
     where e.store_id is not null
       and (e.finished_at is null or exists (select from data.stores s where s.id = e.store_id and s.public_id = e.public_id))
     order by e.id
  loop
    subject := format('store %s', stone.store_id);
    select f.finished, f.counts into finished, counts from private.erase_store(stone.store_id, batch) as f;
    return next;
  end loop;
end $$;
comment on function private.replay_erasures(jsonb, integer) is
  'After a backup was restored: forgets again whom it has brought back. Repeat until every row says finished.';

revoke all on function private.views_remember_store(integer), private.forget_store(bigint, integer, integer), private.erase_store(integer, integer),
  private.export_erasures(), private.replay_erasures(jsonb, integer) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
