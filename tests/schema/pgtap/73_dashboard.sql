\ir setup.psql
\ir world.psql
-- What the dashboard of the fleet asks (schema/grafana/fleet.json), with Grafana's macros filled in.
\set dashboard `cat "$LINTEL_DASHBOARD"`
create table pg_temp.queries as
  select panel ->> 'title' as title, target ->> 'format' as format,
         regexp_replace(target ->> 'rawSql', '\$__timeFilter\(([^()]*)\)', '\1 between now() - interval ''40 years'' and now()', 'g') as query
    from jsonb_array_elements(:'dashboard'::jsonb -> 'panels') as panel, jsonb_array_elements(panel -> 'targets') as target;
grant select on pg_temp.queries to public;
select plan(count(*)::integer * 2 + 4) from pg_temp.queries;

create function pg_temp.rows_of(persona text, query text) returns text
language sql as $$ select pg_temp.tries(persona, format('select count(*) from (%s) as q', query)) $$;

select matches(pg_temp.rows_of('hq', query), '^\d+$', title || ': HQ is answered') from pg_temp.queries;
select matches(pg_temp.rows_of('foreigner', query), '^\d+$', title || ': so is anybody, within the stores they may see') from pg_temp.queries;
select is_empty($$ select title from pg_temp.queries where query ~ '\$' $$, 'no macro is left');
select is_empty($$ select title from pg_temp.queries where format = 'time_series' and query !~ ' as time,' $$, 'a curve names its time');
select is(pg_temp.tries('foreigner', $$ select blind || ' of 1' from ($$ || (select query from pg_temp.queries where title = 'Blind stores') || $$) as q $$),
  '1 of 1', 'the number of blind stores is that of one''s own');
select is(pg_temp.tries('foreigner', $$ select string_agg(name || ' ' || reason, ', ') from ($$ || (select query from pg_temp.queries where title like 'Blind now%') || $$) as q $$),
  'store 9 gateway_never_seen', 'which are blind, and why');

select * from finish();
rollback;
