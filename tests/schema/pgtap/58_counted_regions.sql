\ir setup.psql
select plan(22);
select pg_temp.become_store('counted regions') \g /dev/null

-- Regions reach the gateway.
select pg_temp.sync(0, 1, jsonb_build_array(pg_temp.reading(pg_temp.monday(), 1))) as answer \gset
select is((:'answer'::jsonb) #> '{config,regions}', '[]', 'a store without regions says so');
select (:'answer'::jsonb) #> '{config,version}' as version, id as a from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A' \gset
create function pg_temp.version() returns integer language sql as $$ select config_version from data.stores where id = pg_temp.store() $$;
create function pg_temp.told() returns jsonb language sql as $$ select pg_temp.sync(1, 1, '[]') #> '{config,regions}' $$;

select pg_temp.version() as before \gset
insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, capacity, settings)
  select organization_id, store_id, id, 'shop', 'Shop', 120, '{"counted_from": [{"sensor": "A", "line": "1"}, {"sensor": "B", "line": "1", "out_is_in": true}]}' from data.sensor_metadata where id = :a;
select is(pg_temp.version(), :before + 1, 'a new region raises the version');
select ok(pg_temp.sync(1, 1, '[]', jsonb_build_object('config_version', :version)) ? 'config', 'so it is told to a gateway that is behind');
select is(pg_temp.told(), (select jsonb_build_array(jsonb_build_object('id', public_id, 'serial', 'A', 'region', 'shop', 'name', 'Shop', 'capacity', 120, 'lifecycle', 'active',
  'settings', settings)) from data.region_configurations where sensor_id = :a), 'with all a gateway needs');

select pg_temp.version() as before \gset
update data.region_configurations set capacity = 80 where sensor_id = :a;
select is(pg_temp.version(), :before + 1, 'another capacity raises it');
update data.region_configurations set metadata = '{"floor": 2}' where sensor_id = :a;
select is(pg_temp.version(), :before + 1, 'what gateways are not told does not');
select is(pg_temp.told() #>> '{0,capacity}', '80', 'the new capacity is told');
update data.region_configurations set deleted_at = now() where sensor_id = :a;
select is(pg_temp.version(), :before + 2, 'a deleted region raises it');
select is(pg_temp.told(), '[]', 'and is told no more');
delete from data.region_configurations where sensor_id = :a;
select is(pg_temp.version(), :before + 3, 'as does one that is gone');

-- What a region can be counted from.
create function pg_temp.complaint(lines text) returns text language plpgsql as $$
begin
  insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, settings)
    select organization_id, store_id, id, 'r' || random(), 'Shop', jsonb_build_object('counted_from', lines::jsonb) from data.sensor_metadata where store_id = pg_temp.store() and serial = 'A';
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select is(pg_temp.complaint(lines), coalesce('counted_from of region "Shop": ' || complaint, 'taken'), lines) from (values
  ('[{"sensor": "A", "line": "1"}]', null),
  ('[{"sensor": "A"}]', null),
  ('{"sensor": "A"}', 'is no list of lines'),
  ('[]', 'needs 1 to 64 lines'),
  ('["A/1"]', '[0]: is no object with sensor and line'),
  ('[{"sensor": "A"}, {"line": "1"}]', '[1]: needs sensor, the serial of the device that counts there'),
  ('[{"sensor": "A", "line": 1}]', '[0]: line must be a text of at most 64 characters'),
  ('[{"sensor": "A", "line": "1", "out_is_in": "yes"}]', '[0]: out_is_in must be true or false'),
  ('[{"sensor": "A", "line": "1", "factor": 2}]', '[0]: has factor; it may have sensor, line and out_is_in'),
  ('[{"sensor": "A", "line": "1"}, {"sensor": "A", "line": "1", "out_is_in": true}]', 'line "1" of sensor "A" stands there twice'),
  ('[{"sensor": "A", "line": "1"}, {"sensor": "nobody", "line": "1"}]', '[1]: the store has no sensor "nobody"')) as t (lines, complaint);
select throws_like($$ update data.region_configurations set settings = '{"counted_from": 7}' where store_id = pg_temp.store() $$, '%is no list of lines', 'a change is looked at as well');

select * from finish();
rollback;
