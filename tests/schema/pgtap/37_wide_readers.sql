-- Readers of thousands of stores get their pages by another way than readers of few: by an index in the order of the
-- page. What they see must be the same, and no more than the page may be read.
\ir setup.psql
select plan(22);

set local session_replication_role = replica;
insert into data.organizations (id, organization_id, parent_id, name, level, path) values
  (937001, 937001, null, 'Wide', 1, '937001'), (937002, 937002, null, 'Foreign', 1, '937002'),
  (937011, 937001, 937001, 'North', 2, '937001.937011'), (937012, 937001, 937001, 'South', 2, '937001.937012'),
  (937013, 937001, 937001, 'Closed', 2, '937001.937013');
-- Of 5,300 stores 5,201 are the administrator's to see, 1,300 the manager's; every hundredth is somebody else's.
insert into data.stores (id, organization_id, node_id, name, calendar, deleted_at)
select 9370000 + n, case when n % 100 = 0 then 937002 else 937001 end,
       case when n % 100 = 0 then 937002 when n > 5260 then 937013 when n % 4 = 1 then 937011 else 937012 end,
       'Store ' || md5(n::text), private.calendar_of('UTC', 0), case when n in (1, 2, 3) then now() end
  from generate_series(1, 5300) as n;
insert into data.sensor_metadata (id, organization_id, store_id, gateway_id, serial, name)
select s.id * 10, s.organization_id, s.id, s.id, 's', 's' from data.stores s where s.id between 9370000 and 9375300;
insert into data.daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, readings, updated_at)
select s.organization_id, s.id, s.id * 10, '1', current_date - d, s.id % 7 * 100, 1, now()
  from data.stores s, generate_series(1, 4) as d where s.id between 9370000 and 9375300;
insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision)
select s.id, s.id * 10, false, '1', current_date - 2, current_date - 2 + s.id % 11 * interval '1 hour', 'counting', 1, 1
  from data.stores s where s.id between 9370000 and 9375300 and s.id % 11 > 0;
set local session_replication_role = origin;
insert into data.user_profiles (id, organization_id, role, node_ids) values
  ('93700000-0000-0000-0000-000000000001', 937001, 'organization_administrator', '{}'),
  ('93700000-0000-0000-0000-000000000002', 937001, 'regional_manager', '{937011}'),
  ('93700000-0000-0000-0000-000000000003', 937002, 'organization_administrator', '{}');
update data.organizations set deleted_at = now() where id = 937013;
update data.organizations set settings = '{"custom_metrics": {"busy": {"field": "count_in", "aggregate": "count", "comparison": {"operator": ">=", "value": 300}}}}' where id = 937001;
update data.organizations set settings = '{"custom_metrics": {"busy": {"field": "count_in", "aggregate": "sum"}, "north": {"field": "readings", "aggregate": "sum"}}}' where id = 937011;
update data.stores set settings = '{"custom_metrics": {"own": {"field": "count_in", "aggregate": "max"}}}' where id in (9370006, 9370100, 9375299);
analyze data.organizations, data.stores, data.sensor_metadata, data.daily_analytics;
select private.refresh_analytics(true) \g /dev/null

create function pg_temp.become(n integer) returns void language sql as $$
  select set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', '93700000-0000-0000-0000-00000000000' || n)::text, true);
$$;
create function pg_temp.as_reader(n integer, statement text) returns text
language plpgsql as $$
declare
  answer text;
begin
  perform pg_temp.become(n);
  execute format('set local role %I', case n when 0 then 'lintel_hq' else 'authenticated' end);
  begin
    execute statement into answer;
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  reset role;
  return answer;
end $$;
-- Whose stores are whose, by another road than membership.
create view pg_temp.visible as
  select n, s.id, s.name, s.public_id, s.node_id from data.stores s, generate_series(1, 3) as n
   where s.id between 9370000 and 9375300 and s.deleted_at is null and s.node_id <> 937013
     and s.organization_id = case when n = 3 then 937002 else 937001 end and (n <> 2 or s.node_id = 937011);
select results_eq('select n, count(*) from pg_temp.visible group by n order by n', 'values (1, 5205::bigint), (2, 1314::bigint), (3, 53::bigint)', 'there are readers of very many, many and few stores');

-- Sensors heard least.
create function pg_temp.least(n integer, page integer, size integer) returns text
language sql as $$ select pg_temp.as_reader(n, format('select string_agg(sensor_id::text, '','' order by nr) from api.sensors_heard_least(%s, %s) with ordinality as t (o, store_id, sensor_id, s, l, f, k, c, coverage, nr)', page, size)) $$;
create function pg_temp.least_expected(n integer, page integer, size integer) returns text
language sql as $$
  select string_agg(u.sensor_id::text, ',' order by u.coverage nulls first, u.sensor_id)
    from (select u.* from private.sensor_uptime u join pg_temp.visible v on v.id = u.store_id and v.n = least_expected.n
           order by u.coverage nulls first, u.sensor_id limit size offset (page - 1) * size) as u;
$$;
select is(pg_temp.least(n, page, size), pg_temp.least_expected(n, page, size), format('reader %s, page %s of %s: the sensors heard least', n, page, size))
  from (values (1, 1, 100), (1, 2, 700), (1, 6, 1000), (2, 1, 100), (2, 2, 1000), (3, 1, 100)) as t (n, page, size);
select is(pg_temp.least(1, 7, 1000), null, 'behind the last page there is nothing');
select matches(pg_temp.least(1, 0, 10), '^22023 page 0 of 10', 'pages count from 1');
select matches(pg_temp.least(1, 1, 1001), '^22023 page 1 of 1001', 'and have an end');
select is(pg_temp.as_reader(0, 'select count(*) from api.sensors_heard_least(1, 1000) where store_id between 9370000 and 9375300'), '1000', 'HQ asks over all tenants');

-- Metrics, a page at a time.
create function pg_temp.metric(n integer, name text, page integer, size integer) returns text
language sql as $$ select pg_temp.as_reader(n, format('select string_agg(concat_ws('' '', store_name, value), '','' order by store_name) from api.custom_metric(%L, current_date - 4, current_date - 1, %s, %s)', name, page, size)) $$;
create function pg_temp.metric_expected(n integer, page integer, size integer) returns text
language sql as $$
  select string_agg(concat_ws(' ', v.name, case when v.node_id = 937011 then v.id % 7 * 400 when v.id % 7 >= 3 then 4 else 0 end), ',' order by v.name)
    from (select * from pg_temp.visible v where v.n = metric_expected.n order by v.name, v.public_id limit size offset (page - 1) * size) as v;
$$;
select is(pg_temp.metric(n, 'busy', page, size), pg_temp.metric_expected(n, page, size), format('reader %s, page %s of %s: a metric', n, page, size))
  from (values (1, 1, 100), (1, 3, 900), (1, 6, 1000), (2, 1, 100), (2, 2, 1000)) as t (n, page, size);
select is(pg_temp.as_reader(1, $$ select count(*) || ' ' || sum(value) from api.custom_metric('north', current_date - 4, current_date - 1, 2, 1000) $$), '314 1256', 'one of a node holds below it only');
select is(pg_temp.metric(1, 'own', 1, 100), (select string_agg(name || ' ' || id % 7 * 100, ',') from data.stores where id = 9370006), 'one of a single store for it, where it can be seen');
select matches(pg_temp.metric(3, 'busy', 1, 100), '^PT404', 'and another tenant has none');

-- Figures of a node of very many stores.
select is(pg_temp.as_reader(1, $$ select stores || ' ' || count_in from api.analytics_unified('node', '937001', current_date - 2, current_date - 2) $$),
          (select count(*) || ' ' || sum(id % 7 * 100) from pg_temp.visible where n = 1), 'a node''s stores are those that can be seen');

-- No more is read than what was asked for. As HQ would run: with the default for turning disks, small tables are cheaper to sort.
set local random_page_cost = 1.1;
create function pg_temp.rows_read(n integer, query text) returns bigint
language plpgsql as $$
declare
  plan jsonb;
begin
  perform pg_temp.become(n);
  set local role authenticated;
  execute 'explain (analyze, timing off, summary off, format json) ' || query into plan;
  reset role;
  return (select max(value::text::numeric) from jsonb_path_query(plan, '$.**."Actual Rows"') as value);
end $$;
select is(pg_temp.rows_read(1, 'select * from api.store_daily where day = current_date - 1 order by store_id limit 10'), 10::bigint, 'a page of a day of all stores is all that is read');
select is(pg_temp.rows_read(1, 'select * from api.store_weekly where week = date_trunc(''week'', current_date - 1)::date order by store_id limit 10'), 10::bigint, 'and of a week');

select * from finish();
rollback;
