\ir setup.psql
select plan(42);
select pg_temp.become_store('hours') \g /dev/null

create function pg_temp.refused(hours text) returns text
language plpgsql as $$
begin
  update data.stores set settings = jsonb_build_object('opening_hours', hours::jsonb) where id = pg_temp.store();
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select matches(pg_temp.refused(hours), message, hours) from (values
  ('{"monday": [["09:00", "20:00"]], "friday": [["09:00", "12:30"], ["14:00", "02:00"]], "exceptions": {"2026-12-25": []}}', '^taken$'),
  ('{}', '^taken$'), ('{"sunday": [["00:00", "24:00"]]}', '^taken$'),
  ('[]', 'no object of weekdays'), ('null', 'no object of weekdays'), ('{"Montag": []}', 'Montag: is no weekday'),
  ('{"monday": [["9:00", "20:00"]]}', 'monday: has .*times from 00:00 to 24:00'), ('{"monday": [["09:00", "25:00"]]}', 'times from 00:00'),
  ('{"monday": ["09:00", "20:00"]}', 'list of two times'), ('{"monday": "closed"}', 'needs a list'),
  ('{"monday": [["14:00", "20:00"], ["09:00", "12:00"]]}', 'out of order'), ('{"monday": [["20:00", "02:00"], ["21:00", "22:00"]]}', 'out of order'),
  ('{"exceptions": {"2026-02-30": []}}', 'is no date'), ('{"exceptions": {"2026-12-24": [["x", "y"]]}}', 'exceptions: 2026-12-24: has'),
  ('{"exceptions": []}', 'no object of dates')) as t (hours, message);
select matches(pg_temp.refused('{"Montag": []}'), 'opening_hours of store ' || (select public_id from data.stores where id = pg_temp.store()), 'the message names the store');

create function pg_temp.open_on(hours jsonb, day date, zone text default 'Europe/Berlin') returns text
language sql as $$ select private.open_spans(hours, zone, day, day)::text $$;
select is(pg_temp.open_on('{"friday": [["14:00", "02:00"]]}', '2026-11-20'), '{["2026-11-20 13:00:00+00","2026-11-21 01:00:00+00")}', 'a span past midnight ends on the next day');
select is(pg_temp.open_on('{"friday": [["14:00", "02:00"]]}', '2026-11-21'), '{["2026-11-20 13:00:00+00","2026-11-21 01:00:00+00")}', 'and is still there on that day');
select is(pg_temp.open_on('{"friday": [["14:00", "02:00"]], "exceptions": {"2026-11-20": [["10:00", "11:00"]]}}', '2026-11-20'),
  '{["2026-11-20 09:00:00+00","2026-11-20 10:00:00+00")}', 'an exception stands in place of the weekday');
select is(pg_temp.open_on('{"sunday": [["00:00", "24:00"]]}', '2026-03-29'), '{["2026-03-28 23:00:00+00","2026-03-29 22:00:00+00")}', 'a day of 23 hours is open for 23');
select is(pg_temp.open_on('{"sunday": [["02:00", "03:00"]]}', '2026-03-29'), '{}', 'an hour the clocks skip is no opening');

-- Down the tree.
insert into data.organizations (id, name, level, settings) values
  (960001, 'Chain', 1, '{"opening_hours": {"monday": [["09:00", "20:00"]], "tuesday": [["09:00", "20:00"]], "exceptions": {"2026-12-25": []}}}'), (960002, 'Other', 1, '{}');
insert into data.organizations (id, parent_id, name, level, settings) values
  (960011, 960001, 'Country', 2, '{"opening_hours": {"tuesday": [["10:00", "18:00"]], "exceptions": {"2026-10-03": []}}}'), (960012, 960011, 'City', 3, '{}'), (960013, 960001, 'Elsewhere', 2, '{}'),
  (960021, 960002, 'Silent', 2, '{}');
insert into data.stores (id, organization_id, node_id, name, settings) values
  (960101, 960001, 960012, 'city', '{}'), (960102, 960001, 960012, 'own', '{"opening_hours": {"monday": [], "sunday": [["12:00", "18:00"]], "exceptions": {"2026-12-25": [["09:00", "12:00"]], "2026-12-31": []}}}'),
  (960103, 960001, 960013, 'elsewhere', '{}'), (960104, 960002, 960021, 'foreign', '{}'), (960105, 960001, 960001, 'at the top', '{}');
create function pg_temp.hours(store integer) returns jsonb
language sql as $$ select private.opening_hours(s.settings, s.node_id) from data.stores s where s.id = store $$;
select is(pg_temp.hours(960105), '{"monday": [["09:00", "20:00"]], "tuesday": [["09:00", "20:00"]], "exceptions": {"2026-12-25": []}}', 'a store has what its node says');
select is(pg_temp.hours(960103), pg_temp.hours(960105), 'or the nodes above');
select is(pg_temp.hours(960101), '{"monday": [["09:00", "20:00"]], "tuesday": [["10:00", "18:00"]], "exceptions": {"2026-12-25": [], "2026-10-03": []}}', 'the nearer node wins, day by day and date by date');
select is(pg_temp.hours(960102), '{"monday": [], "tuesday": [["10:00", "18:00"]], "sunday": [["12:00", "18:00"]], "exceptions": {"2026-10-03": [], "2026-12-25": [["09:00", "12:00"]], "2026-12-31": []}}', 'and the store is nearest');
select is(pg_temp.hours(960104), null, 'where nobody says anything there are none');
create function pg_temp.calendars(stores integer[]) returns bigint language sql as $$ select count(*) from private.calendars(stores) $$;
select results_eq('select hours from private.calendars(array[960101])', 'select pg_temp.hours(960101)', 'many stores at once have the same');
select is(pg_temp.calendars('{960101,960102,960103,960105}'), 3::bigint, 'each different calendar once');
select is((select hours from private.calendars('{960104}')), null, 'where nobody says anything, that is all there is to know');
update data.stores set node_id = 960013 where id = 960101;
select is(pg_temp.hours(960101), pg_temp.hours(960103), 'a store that moves gets those of its new place');
update data.stores set node_id = 960012 where id = 960101;

-- What follows from it. 2026-10-03 is a Saturday, the 5th a Monday.
insert into data.user_profiles (id, organization_id, role) values ('96000000-0000-0000-0000-000000000001', 960001, 'organization_administrator');
create function pg_temp.states(scope text, scope_id text, first date, last date, granularity text default 'day') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', '{"role": "authenticated", "sub": "96000000-0000-0000-0000-000000000001"}', true);
  set local role authenticated;
  select string_agg(distinct f.state, ',' order by f.state) into answer from api.analytics_unified(scope, scope_id, first, last, granularity) f;
  reset role;
  return answer;
end $$;
select is(pg_temp.states('store', '960101', '2026-10-04', '2026-10-04'), 'closed', 'a day that no node names is closed');
select is(pg_temp.states('store', '960101', '2026-10-05', '2026-10-05'), 'missing', 'one that a node names is not');
select is(pg_temp.states('node', '960011', '2026-10-04', '2026-10-04'), 'missing', 'a node is closed only when all of its stores are: one opens on Sundays');
select is(pg_temp.states('node', '960011', '2026-10-03', '2026-10-03'), 'closed', 'on a holiday of the country they are');
select is(pg_temp.states('node', '960013', '2026-10-03', '2026-10-03', 'hour'), 'closed', 'hours likewise');
create function pg_temp.closed(many integer, days date[]) returns text
language sql as $$ select array_to_string(private.closed_days(array_fill(960101, array[many]) || array[960102], days), ',') $$;
select is(pg_temp.closed(many, '{2026-10-03,2026-10-04,2026-10-05}'), '2026-10-03', format('the one that opens on Sundays is found behind %s others', many)) from unnest('{1,99,100,500}'::integer[]) as many;
insert into data.gateways (organization_id, store_id, name, last_seen_at, status) select organization_id, id, 'g', now() - interval '1 hour', 'online' from data.stores where id between 960101 and 960105;
update data.organizations set settings = jsonb_build_object('opening_hours', '{}'::jsonb, 'alert_rules', '{"gateway_silent": {"while_closed": false}}'::jsonb) where id in (960001, 960011);
update data.stores set settings = jsonb_build_object('opening_hours', (select jsonb_object_agg(d, '[["00:00", "24:00"]]'::jsonb) from unnest('{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'::text[]) d)) where id = 960102;
select private.evaluate_fleet() \g /dev/null
select set_eq('select store_id from data.alerts where kind = ''gateway_silent'' and store_id between 960101 and 960105', 'values (960102), (960104)', 'a silent gateway is no alert where a node says the store is closed');
create function pg_temp.refused_node(hours jsonb) returns text
language plpgsql as $$
begin
  update data.organizations set settings = jsonb_build_object('opening_hours', hours) where id = 960013;
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select is(pg_temp.refused_node('{"monday": "closed"}'), format('opening_hours of organization %s: monday: needs a list of [open, close]; an empty list is a closed day', (select public_id from data.organizations where id = 960013)), 'nodes are held to the same grammar');
select is(pg_temp.refused_node('{"monday": []}'), 'taken', 'and may say what stores may');

select * from finish();
rollback;
