-- The documented queries: what the benchmark measures and what the plans are tested with. Another one is one more
-- row. Each is run as every user; {store} and {sensor} become one of theirs, {from} and {to} a day that has data,
-- {day} the same as a date. For the user without stores they become somebody else's.
create temp table documented_queries (name text, query text);
insert into documented_queries values
  ('a store''s day by the hour',
   'select * from api.hourly where store_id = {store} and hour_at >= {from} and hour_at < {to} order by hour_at'),
  ('a sensor''s week by the hour',
   'select * from api.hourly where store_id = {store} and sensor_id = {sensor} and hour_at >= {from} - interval ''6 days'' and hour_at < {to}'),
  ('a store''s month by the day',
   'select * from api.daily where store_id = {store} and day > {day} - 30 and day <= {day} order by day'),
  ('one day of all stores, first page',
   'select * from api.daily where day = {day} order by store_id limit 1000'),
  ('one hour of all stores, first page',
   'select * from api.hourly where hour_at = {from} + interval ''12 hours'' order by store_id limit 1000'),
  ('a store''s newest readings',
   'select * from api.latest_sensor_data where store_id = {store}'),
  ('sensors that are not online, first page',
   'select * from api.latest_sensor_data where status <> ''online'' limit 100'),
  ('a store''s figures of a month',
   'select f.* from api.stores s, api.analytics_unified(''store'', s.id::text, {day} - 29, {day}, ''day'') f where s.id = {store}'),
  ('open alerts, newest first, first page',
   'select * from api.open_alerts order by opened_at desc limit 100'),
  ('stores that are blind right now, first page',
   'select * from api.fleet_health limit 100');
