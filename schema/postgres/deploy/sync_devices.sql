-- Deploy lintel:sync_devices to pg
-- requires: sync_envelope
-- requires: sync_state
-- requires: config_version
-- requires: updates
-- requires: denials
-- requires: credentials
-- Who asks, which sensors it speaks of, how they are, and what it should know.

begin;
set local role lintel_owner;

create function private.sync_gateway(claims jsonb) returns data.gateways
language plpgsql volatile as $$
declare
  subject constant uuid := case when private.is_uuid(claims ->> 'sub') then (claims ->> 'sub')::uuid end;
  gateway data.gateways;
begin
  if pg_is_in_recovery() then
    raise sqlstate 'PT503' using message = 'this is a read replica of HQ''s database, which takes no counts',
      hint = 'Requests of gateways go to the PostgREST of the primary.';
  end if;
  -- Everything the request does happens under this lock: requests of one gateway come one by one.
  select * into gateway from data.gateways g where g.public_id = subject for no key update;
  return gateway;
end $$;
comment on function private.sync_gateway(jsonb) is 'The gateway the token names, locked; all null if there is none';

create function private.sync_store(gateway data.gateways) returns data.stores
language plpgsql stable as $$
declare
  store data.stores;
begin
  select * into store from data.stores s where s.id = gateway.store_id;
  return store;
end $$;
comment on function private.sync_store(data.gateways) is 'The gateway''s store';

-- Read at every request, so a gateway is revoked at once, however long its token lives.
create function private.sync_denial(gateway data.gateways, store data.stores, claims jsonb) returns jsonb
language plpgsql volatile as $$
declare
  message text;
  hint    text;
begin
  if gateway.id is null then
    if private.is_uuid(claims ->> 'sub') then
      message := format('gateway %s is not known here', (claims ->> 'sub')::uuid);
    else
      message := 'the token names no gateway';
      hint := 'Mint one with private.mint_gateway_token(gateway_public_id).';
    end if;
  elsif gateway.deleted_at is not null or gateway.lifecycle in ('completed', 'cancelled', 'archived') then
    message := format('gateway %s is revoked', gateway.public_id);
    hint := 'Its row in data.gateways is deleted or no longer active.';
  elsif store.deleted_at is not null or store.lifecycle in ('completed', 'cancelled', 'archived') then
    message := format('store %s takes no readings any more', store.public_id);
    hint := 'Its row in data.stores is deleted or no longer active.';
  elsif private.token_outdated(gateway.id, claims) then
    message := format('the token of gateway %s is no longer good', gateway.public_id);
    hint := 'Another card was enrolled for this gateway, or it is locked. Renew the token; if that is refused, enrol again.';
  else
    return null;
  end if;
  return private.deny('gateway_sync_v1', message, hint, gateway.organization_id);
end $$;
comment on function private.sync_denial(data.gateways, data.stores, jsonb) is
  'The answer to a gateway that is unknown, revoked, of a card that was replaced, or whose store is closed for good, recorded; null for any other';

create function private.sync_epoch(gateway data.gateways, name text) returns private.epochs
language plpgsql volatile as $$
declare
  epoch private.epochs;
begin
  select * into epoch from private.epochs e where e.gateway_id = gateway.id and e.epoch = name;
  if not found then
    insert into private.epochs (gateway_id, epoch, ordinal)
    select gateway.id, name, coalesce(max(e.ordinal), 0) + 1 from private.epochs e where e.gateway_id = gateway.id
    returning * into epoch;
  end if;
  return epoch;
end $$;
comment on function private.sync_epoch(data.gateways, text) is 'The epoch of this name; a new one gets the next ordinal';

create function private.declared_settings(sensor jsonb) returns jsonb
language sql immutable
return case when jsonb_typeof(sensor -> 'settings') = 'object' and octet_length((sensor -> 'settings')::text) <= 16384
            then sensor -> 'settings' end;
comment on function private.declared_settings(jsonb) is
  'How a sensor is mounted and read, as the store decided it; null for anything but an object of modest size';

create function private.register_sensors(gateway data.gateways, declared jsonb) returns void
language plpgsql volatile as $$
declare
  room   integer;
  device record;
begin
  -- Another device behind the door: the sensor goes on with the new one's serial, in the order in which the store changed
  -- them. HQ may know the sensor under an id of its own, so the serial before tells which it is.
  for device in
    select (x ->> 'id')::uuid as id, left(x ->> 'serial', 200) as serial, left(x ->> 'was', 200) as was
      from jsonb_array_elements(declared) with ordinality as e (x, n)
     where x ->> 'was' <> '' and x ->> 'serial' <> '' and x ->> 'was' <> x ->> 'serial' order by n
  loop
    update data.sensor_metadata s set serial = device.serial
     where s.store_id = gateway.store_id and s.gateway_id = gateway.id and s.serial = device.was
       and (s.public_id = device.id
            or not exists (select from data.sensor_metadata o where o.public_id = device.id))
       and not exists (select from data.sensor_metadata o where o.store_id = gateway.store_id and o.serial = device.serial);
  end loop;

  update data.sensor_metadata s set name = d.name, model = d.model, settings = coalesce(d.settings, s.settings)
    from (select (x ->> 'id')::uuid as id, left(x ->> 'name', 200) as name, left(coalesce(x ->> 'model', ''), 200) as model,
                 private.declared_settings(x) as settings
            from jsonb_array_elements(declared) as x) d
   where s.public_id = d.id and s.gateway_id = gateway.id and s.lifecycle = 'planning'
     and d.name <> ''
     and (s.name, s.model, s.settings) is distinct from (d.name, d.model, coalesce(d.settings, s.settings));

  -- Past the limit a sensor stays unknown: a gateway gone mad must not fill the table.
  select private.setting('max_sensors_per_store')::integer - count(*) into room
    from data.sensor_metadata s where s.store_id = gateway.store_id;
  insert into data.sensor_metadata (organization_id, store_id, gateway_id, public_id, serial, name, model, settings)
  select gateway.organization_id, gateway.store_id, gateway.id, d.id, d.serial, coalesce(nullif(d.name, ''), d.serial), d.model,
         coalesce(d.settings, '{}')
    from (select distinct on (x ->> 'id') (x ->> 'id')::uuid as id,
                 coalesce(nullif(left(x ->> 'serial', 200), ''), x ->> 'id') as serial,
                 left(x ->> 'name', 200) as name, left(coalesce(x ->> 'model', ''), 200) as model,
                 private.declared_settings(x) as settings
            from jsonb_array_elements(declared) as x order by x ->> 'id') d
   where not exists (select from data.sensor_metadata s where s.public_id = d.id)
     and not exists (select from data.sensor_metadata s where s.store_id = gateway.store_id and s.serial = d.serial)
   order by d.id
   limit greatest(room, 0)
  on conflict do nothing;
end $$;
comment on function private.register_sensors(data.gateways, jsonb) is
  'Registers declared sensors HQ does not know, as planning, and takes over the serial of a new device behind a door. What else HQ has confirmed it does not change.';

create function private.resolve_sensors(gateway data.gateways, body jsonb) returns jsonb
language plpgsql stable as $$
declare
  sole constant text := case when jsonb_array_length(body -> 'series') = 1 and not body ?| '{sensors,liveness,coverage}'
                             then body -> 'series' -> 0 ->> 'sensor' end;
  its  record;
begin
  if sole ~ '^[0-9]{1,9}$' then
    select k.id, k.store_id, k.gateway_id into its from data.sensor_metadata k where k.id = sole::integer;
    return jsonb_build_object(sole, jsonb_build_object('id', its.id, 'code',
             case when its.id is null then 'unknown_sensor'
                  when its.store_id <> gateway.store_id then 'foreign_sensor'
                  when its.gateway_id <> gateway.id then 'not_owner' end));
  end if;
  return (
  select coalesce(jsonb_object_agg(w.ref, jsonb_build_object(
           'id', s.id,
           'code', case when s.id is null then 'unknown_sensor'
                        when s.store_id <> gateway.store_id then 'foreign_sensor'
                        when s.gateway_id <> gateway.id then 'not_owner' end)), '{}')
    from (select x ->> 'sensor' as ref from jsonb_array_elements(body -> 'series') as x
          union select x ->> 'sensor' from jsonb_array_elements(body -> 'liveness') as x
           where jsonb_typeof(x -> 'sensor') in ('number', 'string')
          union select x ->> 'sensor' from jsonb_array_elements(
            case when jsonb_typeof(body -> 'coverage') = 'array' then body -> 'coverage' end) as x
           where jsonb_typeof(x -> 'sensor') in ('number', 'string')
          union select x ->> 'id' from jsonb_array_elements(body -> 'sensors') as x) as w
    left join lateral (
      select k.id, k.store_id, k.gateway_id from data.sensor_metadata k
       where k.id = case when w.ref ~ '^[0-9]{1,9}$' then w.ref::integer end
      union all
      select p.id, p.store_id, p.gateway_id from data.sensor_metadata p
       where p.public_id = case when private.is_uuid(w.ref) then w.ref::uuid end
      union all
      -- HQ may have made the sensor's row beforehand, under an id of its own: the serial says it is the same.
      select c.id, c.store_id, c.gateway_id
        from jsonb_array_elements(body -> 'sensors') as d
        join data.sensor_metadata c on c.store_id = gateway.store_id and c.serial = d ->> 'serial'
       where d ->> 'id' = w.ref
      limit 1) as s on true);
end $$;
comment on function private.resolve_sensors(data.gateways, jsonb) is
  'Every sensor the request names, mapped to its compact id, and to the reason why its readings are not taken if there is one';

create function private.from_ms(value jsonb) returns timestamptz
language sql immutable
return case when private.is_integer(value) and (value #>> '{}')::bigint between 0 and 32503680000000
            then to_timestamp((value #>> '{}')::double precision / 1000) end;
comment on function private.from_ms(jsonb) is 'Instant from milliseconds since 1970; null for anything else';

create function private.apply_liveness(gateway data.gateways, liveness jsonb, sensors jsonb) returns void
language plpgsql volatile as $$
begin
  with reported as (
    select distinct on (id) (sensors -> (x ->> 'sensor') ->> 'id')::integer as id,
           (x ->> 'status')::data.health_status as status,
           private.from_ms(x -> 'last') as last, private.from_ms(x -> 'since') as since
      from jsonb_array_elements(liveness) with ordinality as e (x, n)
     where x ->> 'status' = any (enum_range(null::data.health_status)::text[])
       and sensors -> (x ->> 'sensor') ->> 'code' is null
     order by id, n desc
  ), changed as (
    -- At most once a minute unless something happened; a row that a person is editing waits for the next time.
    select s.id, r.status, coalesce(r.last, s.last_data_received) as last, r.since
      from reported r
      join data.sensor_metadata s on s.id = r.id and s.gateway_id = gateway.id
     where (s.status, s.offline_since) is distinct from (r.status, r.since)
        or s.last_data_received is null
        or abs(extract(epoch from r.last - s.last_data_received)) >= 60
     order by s.id
       for no key update of s skip locked
  )
  update data.sensor_metadata s
     set status = c.status, last_data_received = c.last, offline_since = c.since
    from changed c where s.id = c.id;
end $$;
comment on function private.apply_liveness(data.gateways, jsonb, jsonb) is 'Takes over how the gateway''s sensors are';

create function private.note_gateway(gateway data.gateways, body jsonb, current boolean) returns void
language plpgsql volatile as $$
declare
  its_version text := coalesce(left(body ->> 'version', 100), gateway.version);
  its_health  jsonb;
begin
  -- Gateways that report each minute come some milliseconds early now and then.
  if gateway.last_seen_at > now() - interval '50 seconds' and gateway.status = 'online'
     and gateway.offline_since is null and its_version is not distinct from gateway.version then
    return;
  end if;
  its_health := case when current and octet_length((body -> 'health')::text) <= 16384 then (body -> 'health') || jsonb_build_object('contract', body -> 'v') end;
  update data.gateways g
     set last_seen_at = clock_timestamp(), status = 'online', offline_since = null, version = its_version,
         version_since = case when its_version is distinct from g.version then clock_timestamp() else g.version_since end,
         health = coalesce(its_health, g.health)
   where g.id = gateway.id;
end $$;
comment on function private.note_gateway(data.gateways, jsonb, boolean) is
  'Notes that the gateway was heard and what it says of itself, at most once a minute';

create function private.sync_config(gateway data.gateways) returns jsonb
language plpgsql stable as $$
begin
  return (
  select jsonb_build_object(
    'version', s.config_version,
    'store', jsonb_build_object('id', s.public_id, 'name', s.name, 'timezone', s.timezone,
                                'day_start_minute', s.day_start_minute, 'calendar', s.calendar,
                                'opening_hours', private.opening_hours(s.settings, s.node_id),
                                'updates', private.updates(s.settings, s.node_id)),
    'sensors', coalesce((
      select jsonb_agg(jsonb_build_object('id', m.public_id, 'sensor', m.id, 'serial', m.serial, 'name', m.name,
                                          'model', m.model, 'lifecycle', m.lifecycle, 'settings', m.settings) order by m.id)
        from data.sensor_metadata m where m.gateway_id = gateway.id and m.deleted_at is null), '[]'),
    'regions', coalesce((
      select jsonb_agg(jsonb_build_object('id', r.public_id, 'serial', m.serial, 'region', r.region, 'name', r.name,
                                          'capacity', r.capacity, 'lifecycle', r.lifecycle, 'settings', r.settings) order by r.id)
        from data.region_configurations r
        join data.sensor_metadata m on m.store_id = r.store_id and m.id = r.sensor_id
       where m.store_id = gateway.store_id and m.gateway_id = gateway.id and m.deleted_at is null and r.deleted_at is null), '[]'))
    from data.stores s where s.id = gateway.store_id);
end $$;
comment on function private.sync_config(data.gateways) is 'What the gateway has to know of its store, sensors and regions';

notify pgrst, 'reload schema';
commit;
