-- For run_legacy: the card of the first store's gateway counts in the new schema, at a door the old tables know and at a new one.
\set ON_ERROR_STOP on
do $$
declare
  gateway uuid;
  door    uuid;
  body    jsonb;
  answer  jsonb;
  start   constant bigint := extract(epoch from (current_setting('lintel.day') || ' 09:00 Europe/Berlin')::timestamptz) * 1000;
begin
  select g.public_id, m.public_id into gateway, door
    from data.stores s join data.gateways g on g.store_id = s.id join data.sensor_metadata m on m.store_id = s.id
   where s.name = 'Store 1' and m.serial = 'SN-1000';
  perform set_config('request.jwt.claims', jsonb_build_object('role', 'lintel_gateway', 'sub', gateway)::text, false);
  body := jsonb_build_object('v', 1, 'epoch', 'card', 'version', 'test', 'after', 0, 'to', 3, 'config_version', 0,
    'sensors', jsonb_build_array(jsonb_build_object('id', md5('gw')::uuid, 'serial', 'GW-1', 'name', 'New door', 'model', 'test')),
    'series', jsonb_build_array(
      jsonb_build_object('sensor', door, 'line', 'gw', 't', start, 'step', 60000, 'dur', 60000, 'in', '3,4,5', 'out', '2,1,5'),
      jsonb_build_object('sensor', md5('gw')::uuid, 'line', 'gw', 't', start, 'dur', 60000, 'in', '7', 'out', '1')));
  answer := api.gateway_sync_v1(body);
  if answer -> 'rejected' is distinct from '[]' then
    raise exception 'refused: %', answer;
  end if;
  -- And one of them is taken back.
  answer := api.gateway_sync_v1(jsonb_build_object('v', 1, 'epoch', 'card', 'version', 'test', 'after', 3, 'to', 4, 'config_version', 0,
    'series', jsonb_build_array(jsonb_build_object('sensor', door, 'line', 'gw', 't', start + 60000, 'dur', 60000, 'in', '4', 'out', '1', 'rev', '2', 'flags', '32'))));
  if answer -> 'rejected' is distinct from '[]' then
    raise exception 'refused: %', answer;
  end if;
  raise notice 'a gateway has counted: watermark %', answer -> 'watermark';
end $$;
