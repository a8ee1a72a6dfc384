\ir setup.psql
select plan(36);
select pg_temp.become_store('gateway alerts') \g /dev/null
select pg_temp.sync(0, 10, '[]') \g /dev/null

create function pg_temp.alert(more jsonb default '{}') returns jsonb
language sql as $$
  select '{"kind": "disk_full", "key": "disk", "severity": "warning", "state": "open", "message": "The disk is full. Remove something."}'::jsonb
         || jsonb_build_object('opened_at', pg_temp.ms(pg_temp.monday())) || more;
$$;
create function pg_temp.send(alerts jsonb, upto bigint default 10) returns jsonb
language sql as $$ select pg_temp.sync(upto, upto, '[]', jsonb_build_object('alerts', alerts)) -> 'alerts_rejected' $$;
create function pg_temp.alerts() returns text
language sql as $$
  select coalesce(string_agg(kind || ' ' || severity || ' ' || state || coalesce(' ' || resolution, ''), ', ' order by id), 'none') from data.alerts
   where store_id = pg_temp.store() and kind <> 'clock';
$$;

select ok(not pg_temp.sync(10, 10, '[]') ? 'alerts_rejected', 'a request without alerts is answered as before');
select is(pg_temp.send(jsonb_build_array(pg_temp.alert())), '[]', 'an alert of the gateway is taken');
select is(pg_temp.alerts(), 'disk_full warning open', 'and open');
select is((select opened_at from data.alerts where store_id = pg_temp.store()), pg_temp.monday(), 'since the instant the gateway says');
select pg_temp.send(jsonb_build_array(pg_temp.alert(), pg_temp.alert())) \g /dev/null
select is(pg_temp.alerts(), 'disk_full warning open', 'however often it comes');
select pg_temp.send(jsonb_build_array(pg_temp.alert('{"severity": "critical", "message": "The disk is full, readings are lost."}'))) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical open', 'it may become more severe');
select pg_temp.send(jsonb_build_array(pg_temp.alert('{"severity": "info"}'))) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical open', 'but not less');
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('state', 'resolved', 'resolved_at', pg_temp.ms(now())))), 9) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical open', 'old news in a late request change nothing');
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('state', 'resolved', 'resolved_at', pg_temp.ms(now()))))) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical resolved ended', 'the gateway resolves it');
select pg_temp.send(jsonb_build_array(pg_temp.alert())) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical resolved ended', 'and its replay does not open it again');
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('opened_at', pg_temp.ms(now()) - 5000)))) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical resolved ended, disk_full warning open', 'the next time is another alert');
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('state', 'resolved', 'resolved_at', pg_temp.ms(now()))))) \g /dev/null
select is(pg_temp.alerts(), 'disk_full critical resolved ended, disk_full warning open', 'which a replay of the first one''s end does not end');
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('key', 'outage', 'state', 'resolved', 'resolved_at', pg_temp.ms(now()))))) \g /dev/null
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('key', 'outage', 'state', 'resolved', 'resolved_at', pg_temp.ms(now()))))) \g /dev/null
select is((select count(*) || ' ' || min(state || ' ' || resolution) from data.alerts where dedup_key like '%:outage'), '1 resolved ended',
          'one that was over before HQ heard of it is kept once, as over');
delete from data.alerts where dedup_key like '%:outage';

-- Of a sensor.
select pg_temp.send(jsonb_build_array(pg_temp.alert(jsonb_build_object('kind', 'battery_low', 'key', 'battery A', 'sensor', pg_temp.door('A'))))) \g /dev/null
select is((select s.serial from data.alerts a join data.sensor_metadata s on s.id = a.sensor_id where a.kind = 'battery_low' and a.store_id = pg_temp.store()), 'A', 'an alert may name a sensor');

-- Whatever is wrong is named and harms nothing.
create function pg_temp.rejected(alerts jsonb) returns text
language sql as $$ select string_agg(format('%s %s %s', r ->> 'n', r ->> 'code', r ->> 'message'), '; ') from jsonb_array_elements(pg_temp.send(alerts)) r $$;
select matches(pg_temp.rejected(case when jsonb_typeof(alert::jsonb) = 'object' and alert <> '{}' then jsonb_build_array(pg_temp.alert(alert::jsonb)) else jsonb_build_array(alert::jsonb) end), '^0 ' || message, alert) from (values
  ('7', 'malformed is not an object'), ('null', 'malformed is not an object'), ('{}', 'malformed kind'), ('{"kind": "Disk Full"}', 'malformed kind'), ('{"key": ""}', 'malformed key'),
  ('{"key": 7}', 'malformed key'), ('{"severity": "fatal"}', 'malformed severity'), ('{"state": "acknowledged"}', 'malformed state'), ('{"message": null}', 'malformed message'),
  ('{"opened_at": "today"}', 'malformed opened_at'), ('{"opened_at": 1e300}', 'malformed opened_at'), ('{"state": "resolved"}', 'malformed resolved_at'), ('{"sensor": {}}', 'malformed sensor'),
  ('{"sensor": 999999999}', 'unknown_sensor'), ('{"sensor": "x"}', 'unknown_sensor'), ('{"kind": "sensor_offline"}', 'hq_rule HQ judges')) as t (alert, message);
select pg_temp.become_store('other') \g /dev/null
select pg_temp.sync(0, 1, '[]') \g /dev/null
select set_config('test.foreign', (select id::text from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A'), true) \g /dev/null
select pg_temp.sync(1, 2, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 3)), '{"alerts": "garbage"}') as answer \gset
select is((:'answer'::jsonb) #>> '{alerts_rejected,0,code}', 'malformed', 'alerts that are no list are answered');
select is(pg_temp.raw() || ' ' || ((:'answer'::jsonb) ->> 'watermark'), to_char(pg_temp.monday() at time zone 'UTC', 'MM-DD HH24:MI') || ' 3/0 r1 2', 'while the readings beside them are taken');
select set_config('test.store', (select store_id::text from data.gateways where name = 'gateway alerts gateway'), true), pg_temp.become_gateway((select public_id from data.gateways where name = 'gateway alerts gateway')) \g /dev/null
select matches(pg_temp.rejected(jsonb_build_array(pg_temp.alert(), pg_temp.alert(jsonb_build_object('sensor', current_setting('test.foreign')::integer)))), '^1 foreign_sensor', 'a sensor of another store is not spoken for');
select is(pg_temp.rejected((select jsonb_agg(pg_temp.alert(jsonb_build_object('key', n, 'kind', 'flood')) || jsonb_build_object('key', 'k' || n)) from generate_series(1, 300) n)), '200 too_many more than 200 alerts in one request', 'a flood is cut');
select is((select count(*) from data.alerts where store_id = pg_temp.store() and kind = 'flood'), 200::bigint, 'what came before it is kept');

-- An error inside.
create function pg_temp.fail() returns trigger language plpgsql as $$ begin raise 'no room'; end $$;
create trigger fail before insert on data.alerts for each row execute function pg_temp.fail();
select pg_temp.sync(10, 11, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 4)), jsonb_build_object('alerts', jsonb_build_array(pg_temp.alert('{"key": "new"}')))) as answer \gset
select is((:'answer'::jsonb) #>> '{alerts_rejected,0,code}' || ' ' || pg_temp.raw(), 'try_again ' || to_char(pg_temp.monday() at time zone 'UTC', 'MM-DD HH24:MI') || ' 4/0 r1', 'alerts that cannot be stored are asked for again, the reading is there');
drop trigger fail on data.alerts;

select * from finish();
rollback;
