\ir setup.psql
select plan(31);
select pg_temp.become_store('devices') \g /dev/null

select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) as answer \gset
select is((select array_agg(serial || ' ' || lifecycle || ' ' || name order by serial) from data.sensor_metadata where store_id = pg_temp.store()),
  array['A planning Door A', 'B planning Door B'], 'declared sensors are registered, unconfirmed');
select is((:'answer'::jsonb) -> 'sensors', (select jsonb_object_agg(public_id, id) from data.sensor_metadata where store_id = pg_temp.store()), 'and their compact ids told');
select is((:'answer'::jsonb) #>> '{config,store,timezone}', 'Europe/Berlin', 'the configuration comes along');
select is(jsonb_path_query_first(:'answer'::jsonb, '$.config.sensors[*] ? (@.serial == "A")'), (select jsonb_build_object('id', public_id, 'sensor', id, 'serial', 'A', 'name', 'Door A', 'model', model, 'lifecycle', 'planning', 'settings', settings)
   from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A'), 'with its sensors');
select ok(not pg_temp.sync(1, 1, '[]', jsonb_build_object('config_version', (:'answer'::jsonb) #> '{config,version}')) ? 'config', 'and not again while the gateway has it');

select id as a from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
select is(pg_temp.codes(pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 minute', 1, 1, jsonb_build_object('sensor', :a))))), '', 'readings by compact id are taken');

update data.sensor_metadata set name = 'Main door', lifecycle = 'active' where id = :a;
select ok(pg_temp.sync(2, 2, '[]', jsonb_build_object('config_version', (:'answer'::jsonb) #> '{config,version}')) @? '$.config.sensors[*] ? (@.name == "Main door")', 'a changed name reaches the gateway');
select is((select name from data.sensor_metadata where id = :a), 'Main door', 'whose own name does not undo it');
-- How a sensor is mounted: the store's word until HQ confirms the sensor, then HQ's.
create function pg_temp.declare_door(door text, mounted jsonb) returns text language sql as $$
  select pg_temp.sync(2, 2, '[]', jsonb_build_object('sensors', jsonb_build_array(
           jsonb_build_object('id', public_id, 'serial', serial, 'name', m.name, 'model', model, 'lifecycle', 'active', 'settings', mounted))))::text
    from data.sensor_metadata m where m.store_id = pg_temp.store() and m.serial = door $$;
select pg_temp.declare_door('B', '{"invert": true}') \g /dev/null
select is((select settings || jsonb_build_object('l', lifecycle) from data.sensor_metadata where store_id = pg_temp.store() and serial = 'B'),
  '{"invert": true, "l": "planning"}', 'an unconfirmed sensor takes the store''s settings, and stays to be confirmed');
select pg_temp.declare_door('B', '[1]') \g /dev/null
select is((select settings from data.sensor_metadata where store_id = pg_temp.store() and serial = 'B'), '{"invert": true}', 'what is no object is no settings');
select pg_temp.declare_door('A', '{"invert": true}') \g /dev/null
select is((select settings from data.sensor_metadata where id = :a), '{}', 'a confirmed one keeps HQ''s');
update data.stores set timezone = 'Asia/Tokyo' where id = pg_temp.store();
select is(pg_temp.sync(2, 2, '[]') #>> '{config,store,timezone}', 'Asia/Tokyo', 'so does a changed zone');

insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name)
  select organization_id, store_id, gateway_id, 'Z', 'prepared at HQ' from data.sensor_metadata where id = :a;
select pg_temp.sync(2, 3, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1, 1, jsonb_build_object('sensor', pg_temp.door('Z')))),
  jsonb_build_object('sensors', jsonb_build_array(jsonb_build_object('id', pg_temp.door('Z'), 'serial', 'Z', 'name', 'x')))) as answer \gset
select is(pg_temp.codes(:'answer'::jsonb), '', 'a sensor that HQ prepared is found by its serial');
select is(((:'answer'::jsonb) -> 'sensors' ->> pg_temp.door('Z')::text)::integer, (select id from data.sensor_metadata where store_id = pg_temp.store() and serial = 'Z'), 'and its compact id told');

-- Another device behind the same door.
create function pg_temp.replace_device(id uuid, was text, serial text) returns text language sql as $$
  select pg_temp.sync(3, 3, '[]', jsonb_build_object('sensors', jsonb_build_array(
           jsonb_build_object('id', id, 'serial', serial, 'was', was, 'name', 'x', 'model', 'm'))))::text $$;
select public_id as a_id from data.sensor_metadata where id = :a \gset
select pg_temp.replace_device(:'a_id', 'A', 'A2') \g /dev/null
select is((select serial || ' ' || name || ' ' || lifecycle from data.sensor_metadata where id = :a), 'A2 Main door active', 'a confirmed sensor takes its new device''s serial, and nothing else');
select is((select old_values ->> 'serial' || ' ' || (new_values ->> 'serial') from data.audit_log where table_name = 'sensor_metadata' and row_id = :'a_id' order by id desc limit 1),
  'A A2', 'which is in the audit log');
select pg_temp.replace_device(:'a_id', 'A', 'A3') \g /dev/null
select is((select serial from data.sensor_metadata where id = :a), 'A2', 'a serial that it no longer has says nothing');
select pg_temp.replace_device(:'a_id', 'A2', 'B') \g /dev/null
select is((select serial from data.sensor_metadata where id = :a), 'A2', 'nor does one that another sensor has');
select pg_temp.replace_device(pg_temp.door('known at the store only'), 'Z', 'Z2') \g /dev/null
select is((select count(*) from data.sensor_metadata where store_id = pg_temp.store() and serial in ('Z', 'Z2')), 1::bigint, 'a sensor that HQ prepared is found by the serial before');
select is((select serial from data.sensor_metadata where store_id = pg_temp.store() and name = 'prepared at HQ'), 'Z2', 'and goes on with the new one');
update data.sensor_metadata set serial = 'A' where id = :a;

update private.settings set value = '4' where key = 'max_sensors_per_store';
select pg_temp.sync(3, 4, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1, 1, jsonb_build_object('sensor', pg_temp.door('flood 9')))), jsonb_build_object('sensors',
  (select jsonb_agg(jsonb_build_object('id', pg_temp.door('flood ' || n), 'serial', 'flood ' || n)) from generate_series(1, 100) n))) \g /dev/null
select is((select count(*) from data.sensor_metadata where store_id = pg_temp.store()), 4::bigint, 'a gateway cannot fill the table with sensors');

-- Health.
create function pg_temp.live(status text, at timestamptz, since timestamptz, upto bigint default 4) returns text
language sql as $$
  select pg_temp.sync(upto, upto, '[]', jsonb_build_object('liveness', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'status', status,
    'last', pg_temp.ms(at), 'since', pg_temp.ms(since)))))::text;
  select format('%s %s %s', status, extract(epoch from last_data_received - pg_temp.monday())::integer, extract(epoch from offline_since - pg_temp.monday())::integer)
    from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A';
$$;
select is(pg_temp.live('online', pg_temp.monday(), null), 'online 0 ', 'a sensor that is heard');
select is(pg_temp.live('online', pg_temp.monday() + interval '30 seconds', null), 'online 0 ', 'is written at most once a minute');
select is(pg_temp.live('online', pg_temp.monday() + interval '90 seconds', null), 'online 90 ', 'and then again');
select is(pg_temp.live('offline', pg_temp.monday() + interval '100 seconds', pg_temp.monday() + interval '200 seconds'), 'offline 100 200', 'one that fell silent at once');
select is(pg_temp.live('online', pg_temp.monday() + interval '300 seconds', null, 3), 'offline 100 200', 'old news in a late request change nothing');
select is(pg_temp.live('broken', pg_temp.monday() + interval '300 seconds', null), 'offline 100 200', 'nor does a status nobody knows');
select is(pg_temp.live('online', pg_temp.monday() + interval '300 seconds', null), 'online 300 ', 'until it is back');
select is((select count(*) from data.audit_log where table_name = 'sensor_metadata' and new_values ?| array['status', 'last_data_received', 'offline_since']), 0::bigint, 'none of it is in the audit log');
select is(pg_temp.codes(pg_temp.sync(4, 5, '[]', '{"liveness": [7, null, {"sensor": {}}, {"sensor": 1}, {"status": "online"}, {"sensor": "x", "status": "online", "last": "y"}]}')), '', 'nonsense in liveness harms nothing');
select is((select status || ' ' || version from data.gateways where store_id = pg_temp.store()), 'online test', 'the gateway is online with its version');

select * from finish();
rollback;
