-- Deploy lintel:gateway_sync to pg
-- requires: sync_devices
-- requires: sync_readings
-- requires: denials
-- requires: acceptances
-- The contract is schema/SYNC.md.

begin;
set local role lintel_owner;

create function private.ranges_json(ranges int8multirange) returns jsonb
language plpgsql immutable as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_array(lower(r), upper(r) - 1) order by r), '[]')
          from (select r from unnest(ranges) as r order by r limit 1000) as r);
end $$;
comment on function private.ranges_json(int8multirange) is 'Ranges as [[first, last], ...], closed, ascending, at most 1000';

create function private.watermark_of(applied int8multirange) returns bigint
language plpgsql immutable as $$
begin
  return coalesce((select upper(r) - 1 from unnest(applied) as r where r @> 1::bigint), 0);
end $$;
comment on function private.watermark_of(int8multirange) is 'The number up to which everything is applied';

create function private.sync_failure(code text, message text) returns jsonb
language sql immutable
return jsonb_build_object('v', 1, 'error', jsonb_build_object('code', code, 'message', message));
comment on function private.sync_failure(text, text) is 'Answer to a request that changed nothing';

create function private.mark_applied(epoch private.epochs, after bigint, upto bigint) returns private.epochs
language plpgsql volatile as $$
begin
  if upto > after and not epoch.applied @> int8range(after, upto, '(]') then
    epoch.applied := epoch.applied + int8multirange(int8range(after, upto, '(]'));
    update private.epochs e set applied = mark_applied.epoch.applied
     where e.gateway_id = mark_applied.epoch.gateway_id and e.epoch = mark_applied.epoch.epoch;
  end if;
  return epoch;
end $$;
comment on function private.mark_applied(private.epochs, bigint, bigint) is 'Notes that the changes after < number <= upto are applied';

create function private.sync(gateway data.gateways, store data.stores, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  epoch    private.epochs := private.sync_epoch(gateway, body ->> 'epoch');
  upto     bigint := (body ->> 'to')::bigint;
  -- A request from before what HQ has already seen tells old news of the sensors' health.
  current  boolean := upto >= private.watermark_of(epoch.applied);
  sensors  jsonb;
  parsed   record;
  config   jsonb;
begin
  if body ? 'sensors' then
    perform private.register_sensors(gateway, body -> 'sensors');
  end if;
  sensors := private.resolve_sensors(gateway, body);
  parsed := private.parse_series(body -> 'series', sensors, store.id);
  if parsed.readings is not null then
    parsed.rejected := parsed.rejected
      || private.apply_readings(store, epoch.ordinal, body -> 'series', parsed.readings);
  end if;
  epoch := private.mark_applied(epoch, (body ->> 'after')::bigint, upto);
  if current and body ? 'liveness' then
    perform private.apply_liveness(gateway, body -> 'liveness', sensors);
  end if;
  perform private.note_gateway(gateway, body, current);
  -- Read again: the request may have raised it.
  if to_jsonb((select s.config_version from data.stores s where s.id = store.id)) is distinct from body -> 'config_version' then
    config := private.sync_config(gateway);
  end if;
  return jsonb_build_object(
    'v', 1,
    'watermark', private.watermark_of(epoch.applied),
    'applied', private.ranges_json(epoch.applied),
    'missing', private.ranges_json(int8multirange(int8range(0, upto, '(]')) - epoch.applied),
    'sensors', (select coalesce(jsonb_object_agg(s.key, s.value -> 'id'), '{}') from jsonb_each(sensors) as s
                 where private.is_uuid(s.key) and s.value ->> 'code' is null),
    'rejected', parsed.rejected,
    'history', private.setting('history'),
    'time', floor(extract(epoch from clock_timestamp()) * 1000)::bigint,
    'pace_ms', private.setting('pace_ms')::integer)
    || case when config is not null then jsonb_build_object('config', config) else '{}' end
    || case when body ? 'acceptances'
            then jsonb_build_object('acceptances', private.apply_acceptances(gateway, body)) else '{}' end;
end $$;
comment on function private.sync(data.gateways, data.stores, jsonb) is 'Applies a request that was understood and answers it';

-- Generic plans: no request is worth planning anew, for all of them are planned with keys alone.
create function api.gateway_sync_v1(jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s'
set plan_cache_mode = force_generic_plan as $$
declare
  gateway   data.gateways := private.sync_gateway();
  store     data.stores := private.sync_store(gateway);
  denial    jsonb := private.sync_denial(gateway, store);
  complaint text;
begin
  if denial is not null then
    return denial;
  end if;
  complaint := private.sync_complaint($1);
  if complaint is not null then
    return private.sync_failure('malformed', complaint);
  end if;
  return private.sync(gateway, store, $1);
end $$;
comment on function api.gateway_sync_v1(jsonb) is
  'One round trip of a gateway: its changes up, what HQ has of them and the configuration down. Any request may be repeated.';
revoke all on function api.gateway_sync_v1(jsonb) from public, anon, authenticated, lintel_hq;
grant execute on function api.gateway_sync_v1(jsonb) to lintel_gateway;

notify pgrst, 'reload schema';
commit;
