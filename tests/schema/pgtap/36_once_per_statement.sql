-- Counted, not timed: how often a statement resolves who sees what.
\ir setup.psql
\ir world.psql
select plan(16);
set local track_functions = 'all';

insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name)
  select 800001, s, s + 10000, 'many ' || n, 'many' from generate_series(1, 300) as n, unnest('{810001,810002,810003}'::integer[]) as s;
insert into data.people_counting_raw (started_at, received_at, organization_id, store_id, slot, sensor_id, count_in, epoch)
  select pg_temp.monday() - n * interval '1 day', now(), 800001, s, 1, s + 20000, 1, 1 from generate_series(1, 100) as n, unnest('{810001,810002,810003}'::integer[]) as s;
insert into data.daily_analytics (organization_id, day, updated_at, store_id, sensor_id)
  select 800001, pg_temp.monday()::date - n, now(), s, s + 20000 from generate_series(1, 100) as n, unnest('{810001,810002,810003}'::integer[]) as s;

create function pg_temp.resolved() returns bigint language sql as $$
  select coalesce(sum(pg_stat_get_xact_function_calls(p.oid)), 0)::bigint from pg_proc p
   where p.pronamespace = 'private'::regnamespace and p.proname in ('nodes_of', 'stores_of');
$$;
-- How often the persona's statement works out nodes or stores, and how many rows it was about.
create function pg_temp.resolves(persona text, statement text) returns text
language plpgsql as $$
declare
  before bigint := pg_temp.resolved();
  rows   text := pg_temp.tries(persona, statement);
begin
  return format('%s for %s', pg_temp.resolved() - before, rows);
end $$;

select is(pg_temp.resolves('manager', 'select count(*) from data.sensor_metadata'), '1 for 602', 'once for hundreds of rows of a table');
select is(pg_temp.resolves('manager', 'select count(*) from data.people_counting_raw'), '1 for 202', 'once for all partitions of one');
select is(pg_temp.resolves('staff', 'select count(*) from data.people_counting_raw'), '1 for 202', 'for staff');
select is(pg_temp.resolves('administrator', 'select count(*) from data.people_counting_raw'), '1 for 303', 'for administrators');
select is(pg_temp.resolves('hq', 'select count(*) from data.sensor_metadata where organization_id = 800001'), '0 for 905', 'and never for HQ');
select is(pg_temp.resolves('manager', 'select count(*) from data.organizations'), '1 for 2', 'once for the tree');
select is(pg_temp.resolves('auditor', 'select (count(*) > 900)::text from api.audit'), '0 for true', 'not at all for the audit log');
select is(pg_temp.resolves('manager', 'select count(*) from api.daily'), '1 for 202', 'once for a view, whatever names it shows');
select is(pg_temp.resolves('manager', 'select count(*) from api.latest_sensor_data'), '1 for 602', 'and whatever it looks up row by row');
select is(pg_temp.resolves('manager', 'select count(*) from api.stores as s, api.sensors as t where s.id = t.store_id'), '2 for 602', 'or by the reader');
select is(pg_temp.resolves('manager', 'select count(*) from data.sensor_metadata as s where exists (select from data.people_counting_raw as r where r.sensor_id = s.id)'),
  '2 for 2', 'or below another query');
create function pg_temp.few(answer text, most integer, about text) returns boolean language sql as $$
  select split_part(answer, ' for ', 1)::integer between 1 and most and split_part(answer, ' for ', 2) = about;
$$;
select ok(pg_temp.few(answer, 4, '600'), 'changing hundreds of rows: ' || answer)
  from pg_temp.resolves('manager', $$ update api.sensors set model = 'x' where serial like 'many%' $$) as answer;
select ok(pg_temp.few(answer, 4, '600'), 'naming them: ' || answer)
  from pg_temp.resolves('staff', $$ update api.sensors set name = 'x' where serial like 'many%' $$) as answer;
select ok(pg_temp.few(answer, 4, '100'), 'adding a hundred: ' || answer)
  from pg_temp.resolves('manager', $$ insert into api.sensors (gateway_id, serial, name) select 820001, 'more ' || n, 'more' from generate_series(1, 100) as n $$) as answer;
select is_empty($$ select p.polrelid::regclass, p.polname from pg_policy p
   where not coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') ~ '^(true)+$|SELECT private\.' $$,
  'there is no policy of another kind');
select isnt_empty($$ select 1 where pg_temp.resolved() > 0 $$, 'and the counter does count');

select * from finish();
rollback;
