\ir setup.psql
select plan(38);
select pg_temp.become_store('store rules') \g /dev/null

-- A minute goes by at HQ: what was written then is a minute older now.
create function pg_temp.later(by interval default '2 minutes') returns void
language sql as $$ update data.gateways set last_seen_at = now() - by where store_id = pg_temp.store() $$;
create function pg_temp.idle(more jsonb default '{}') returns jsonb
language sql as $$
  select pg_temp.later();
  select pg_temp.sync(e.at, e.at, '[]', more)
    from (select upper(e.applied) - 1 as at from private.epochs e join data.gateways g on g.id = e.gateway_id where g.store_id = pg_temp.store()) as e;
$$;
create function pg_temp.live(status text, since timestamptz default null, serial text default 'A') returns jsonb
language sql as $$
  select pg_temp.idle(jsonb_build_object('liveness', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door(serial), 'status', status,
    'last', pg_temp.ms(coalesce(since, now())), 'since', pg_temp.ms(since)))));
$$;
create function pg_temp.alerts(its_kind text default null) returns text
language sql as $$
  select coalesce(string_agg(kind || ' ' || severity || ' ' || state || coalesce(' ' || resolution, ''), ', ' order by id), 'none') from data.alerts
   where store_id = pg_temp.store() and (kind = its_kind or its_kind is null);
$$;
create function pg_temp.rule(rule text, setting jsonb) returns void
language sql as $$ update data.stores set settings = jsonb_set(settings || case when settings ? 'alert_rules' then '{}' else '{"alert_rules": {}}'::jsonb end, array['alert_rules', rule], setting)
                    where id = pg_temp.store() $$;

select pg_temp.sync(0, 100, '[]') \g /dev/null
select is(pg_temp.alerts(), 'none', 'a store that is well has no alert');

-- sensor_offline
select pg_temp.live('offline', now() - interval '20 minutes') \g /dev/null
select is(pg_temp.alerts(), 'none', 'a sensor that is silent for twenty minutes is not alerted yet');
select pg_temp.live('offline', now() - interval '31 minutes') \g /dev/null
select is(pg_temp.alerts(), 'sensor_offline warning open', 'after half an hour it is');
select matches((select message from data.alerts where store_id = pg_temp.store()), '^Sensor "Door A" has been silent since 20.* Check ', 'the alert says what, since when, and what to try');
select pg_temp.live('offline', now() - interval '32 minutes'), pg_temp.live('offline', now() - interval '33 minutes') \g /dev/null
select is(pg_temp.alerts(), 'sensor_offline warning open', 'it opens once');
select pg_temp.live('online') \g /dev/null
select is(pg_temp.alerts(), 'sensor_offline warning resolved ended', 'it resolves by itself');
select pg_temp.live('offline', now() - interval '31 minutes') \g /dev/null
select is(pg_temp.alerts(), 'sensor_offline warning resolved ended, sensor_offline warning open', 'the next time is another alert');
select pg_temp.rule('sensor_offline', '{"enabled": false}'), pg_temp.idle() \g /dev/null
select is(pg_temp.alerts('sensor_offline'), 'sensor_offline warning resolved ended, sensor_offline warning resolved ended', 'switching the rule off ends what it opened');
select pg_temp.rule('sensor_offline', '{"minutes": 60, "severity": "critical"}'), pg_temp.idle() \g /dev/null
select is((select count(*) from data.alerts where store_id = pg_temp.store() and ended_at is null), 0::bigint, 'a store may wait longer');
select pg_temp.live('offline', now() - interval '61 minutes') \g /dev/null
select is((select severity from data.alerts where store_id = pg_temp.store() and ended_at is null), 'critical', 'and take it more seriously');

-- A person closes it while the sensor is still silent.
update data.alerts set state = 'resolved', resolution = 'person', resolved_at = now() where store_id = pg_temp.store() and ended_at is null;
select pg_temp.idle() \g /dev/null
select is((select count(*) from data.alerts where store_id = pg_temp.store() and state <> 'resolved'), 0::bigint, 'what a person closed does not open again a minute later');
select pg_temp.live('online'), pg_temp.live('offline', now() - interval '61 minutes') \g /dev/null
select is((select count(*) from data.alerts where store_id = pg_temp.store() and state = 'open'), 1::bigint, 'but after it was over once');
select pg_temp.live('online') \g /dev/null
delete from data.alerts where store_id = pg_temp.store();

-- Quiet while closed.
update data.stores set settings = '{"opening_hours": {}}' where id = pg_temp.store();
select pg_temp.live('offline', now() - interval '2 hours') \g /dev/null
select is(pg_temp.alerts(), 'none', 'while the store is closed nothing opens');
select pg_temp.rule('sensor_offline', '{"while_closed": true}'), pg_temp.idle() \g /dev/null
select is(pg_temp.alerts(), 'sensor_offline warning open', 'unless the rule says so');
select pg_temp.live('online') \g /dev/null
delete from data.alerts where store_id = pg_temp.store();

-- capacity
select id as a from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, capacity)
  select organization_id, store_id, id, 'R1', 'Fitting rooms', 4 from data.sensor_metadata where id = :a;
create function pg_temp.present(n integer, at timestamptz, upto bigint) returns text
language sql as $$
  select pg_temp.later();
  select pg_temp.sync(upto - 1, upto, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R1', 't', pg_temp.ms(at), 'occ', n::text)));
  select pg_temp.alerts('capacity');
$$;
select is(pg_temp.present(4, now() - interval '9 minutes', 101), 'none', 'a region that is full is not too full');
select is(pg_temp.present(5, now() - interval '8 minutes', 102), 'capacity warning open', 'one more is');
select is((select region || ': ' || message from data.alerts where kind = 'capacity' and store_id = pg_temp.store()), 'R1: 5 people in "Fitting rooms", which holds 4. Let nobody in until some have left.', 'the alert names the region');
select is(pg_temp.present(2, now() - interval '7 minutes', 103), 'capacity warning resolved ended', 'and ends when they have left');

-- clock
select pg_temp.idle(jsonb_build_object('time', pg_temp.ms(clock_timestamp() - interval '1 hour'))) \g /dev/null
select matches((select message from data.alerts where kind = 'clock' and store_id = pg_temp.store()), 'clock of gateway .* is 3[56][0-9][0-9] seconds behind', 'a wrong clock is alerted');
select pg_temp.idle() \g /dev/null
select is(pg_temp.alerts('clock'), 'clock warning open', 'a request without a time leaves it as it is');
select pg_temp.idle(jsonb_build_object('time', pg_temp.ms(clock_timestamp()))) \g /dev/null
select is(pg_temp.alerts('clock'), 'clock warning resolved ended', 'a right one ends it');

-- data_error_rate
create function pg_temp.mixed(good integer, bad integer, upto bigint) returns text
language sql as $$
  select pg_temp.later();
  select pg_temp.sync(upto - 1, upto, jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'line', 'm', 't', pg_temp.ms(pg_temp.monday()) + upto * 1000000, 'step', 1000,
    'in', (select string_agg(case when n <= good then '1' else '-1' end, ',') from generate_series(1, good + bad) n))));
  select pg_temp.alerts('data_error_rate');
$$;
select is(pg_temp.mixed(100, 0, 104), 'none', 'good readings are not counted at all');
select is((select count(*) from private.reading_quality q join data.gateways g on g.id = q.gateway_id where g.store_id = pg_temp.store()), 0::bigint, 'and write nothing');
select is(pg_temp.mixed(100, 9, 105), 'none', 'a few bad readings are no alert');
select is(pg_temp.mixed(0, 20, 106), 'data_error_rate warning open', 'more than five percent are');
select is((select details -> 'codes' from data.alerts where kind = 'data_error_rate' and store_id = pg_temp.store()), '{"negative": 29}', 'with the codes HQ answered');
select is(pg_temp.mixed(900, 0, 107), 'data_error_rate warning resolved ended', 'until good ones outweigh them');

-- zero_while_open and no_people
update data.stores set settings = '{"opening_hours": {"monday": [["00:00", "24:00"]], "tuesday": [["00:00", "24:00"]], "wednesday": [["00:00", "24:00"]], "thursday": [["00:00", "24:00"]], "friday": [["00:00", "24:00"]], "saturday": [["00:00", "24:00"]], "sunday": [["00:00", "24:00"]]}}' where id = pg_temp.store();
select pg_temp.sync(107, 108, jsonb_build_array(pg_temp.reading(now() - interval '3 days', 5))), pg_temp.live('online') \g /dev/null
select is(pg_temp.alerts('zero_while_open') || ', ' || pg_temp.alerts('no_people'), 'zero_while_open warning open, no_people warning open', 'a door that counted three days ago and nobody since is alerted, and so is its store');
select is((select count(*) from data.alerts where kind = 'zero_while_open' and store_id = pg_temp.store() and sensor_id <> :a), 0::bigint, 'a door that never counted anybody is not accused');
select pg_temp.later(), pg_temp.sync(108, 109, jsonb_build_array(pg_temp.reading(now() - interval '5 minutes', 1))) \g /dev/null
select is(pg_temp.alerts('zero_while_open') || ', ' || pg_temp.alerts('no_people'), 'zero_while_open warning resolved ended, no_people warning resolved ended', 'one person ends both');
delete from data.alerts where store_id = pg_temp.store();
delete from data.hourly_analytics where store_id = pg_temp.store() and hour_at > now() - interval '2 hours';
select pg_temp.idle('{"health": {"backlog": 5000}}') \g /dev/null
select is(pg_temp.alerts(), 'none', 'while a backlog is on its way nobody knows that nobody was counted');
update data.stores set settings = '{}' where id = pg_temp.store();
delete from data.hourly_analytics where store_id = pg_temp.store() and hour_at > now() - interval '30 hours';
select pg_temp.idle() \g /dev/null
select is(pg_temp.alerts(), 'no_people warning open', 'who has not said when the store is open is told of nobody for a day only');
delete from data.alerts where store_id = pg_temp.store();

-- A rule that raises an error.
create or replace function private.find_capacity(gateway data.gateways, store data.stores, setting jsonb) returns private.finding[]
language plpgsql stable as $$ begin return array[row(repeat('x', 301), null, null, true, 1 / 0, '{}')::private.finding]; end $$;
select pg_temp.later() \g /dev/null
select pg_temp.sync(109, 110, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '1 hour', 7), pg_temp.reading(pg_temp.monday() + interval '1 hour', -7, 1, '{"line": "x"}')),
  jsonb_build_object('time', pg_temp.ms(now() - interval '1 day'))) as answer \gset
select is(((:'answer'::jsonb) ->> 'watermark') || ' ' || pg_temp.codes(:'answer'::jsonb), '110 negative', 'a rule that raises an error does not change the answer about the counts');
select is((select count_in from data.people_counting_raw where store_id = pg_temp.store() and started_at = pg_temp.monday() + interval '1 hour' and line = '1'), 7, 'nor does it lose a reading');
select is((select rule || ' ' || failures || ' ' || message from private.rule_failures where store_id = pg_temp.store()), 'capacity 1 division by zero', 'it is recorded');
select is(pg_temp.alerts('clock'), 'clock warning open', 'and the other rules are evaluated all the same');
create or replace function private.judge_store(gateway data.gateways, store data.stores, body jsonb) returns void
language plpgsql as $$ begin raise query_canceled using message = 'statement timeout'; end $$;
select pg_temp.later() \g /dev/null
select is(pg_temp.sync(110, 111, jsonb_build_array(pg_temp.reading(pg_temp.monday() + interval '2 hours', 8))) ->> 'watermark', '111', 'a statement time-out in the rules loses no reading either');
select is((select rule || ' ' || sqlstate from private.rule_failures where store_id = pg_temp.store() order by rule limit 1), 'after_counts 57014', 'and is recorded too');

select * from finish();
rollback;
