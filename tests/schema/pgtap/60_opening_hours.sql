\ir setup.psql
select plan(21);
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

select * from finish();
rollback;
