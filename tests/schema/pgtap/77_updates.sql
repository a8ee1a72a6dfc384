\ir setup.psql
select plan(32);
select pg_temp.become_store('updates') \g /dev/null

create function pg_temp.said(what text, target text default 'stores') returns text
language plpgsql as $$
begin
  if target = 'stores' then
    update data.stores set settings = jsonb_build_object('updates', what::jsonb) where id = pg_temp.store();
  else
    update data.organizations set settings = jsonb_build_object('updates', what::jsonb) where id = (select node_id from data.stores where id = pg_temp.store());
  end if;
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select matches(pg_temp.said(what), message, what) from (values
  ('{"version": "2.1", "bundle": "https://updates.example/{board}-2.1.raucb", "share": 25}', '^taken$'), ('{}', '^taken$'), ('{"share": 100}', '^taken$'),
  ('[]', 'is no object of'), ('null', 'is no object of'), ('{"versoin": "2"}', 'versoin: is not one of'),
  ('{"version": 2}', 'version: needs a text'), ('{"version": "2 1"}', 'version: needs'), ('{"version": "$(id)"}', 'version: needs'), ('{"version": ""}', 'version: needs'),
  ('{"bundle": "ftp://x/y"}', 'bundle: needs an address'), ('{"bundle": "https://x/a b"}', 'bundle: needs'), ('{"bundle": "https://x/''"}', 'bundle: needs'),
  ('{"share": 101}', 'share: needs a whole number'), ('{"share": -1}', 'share: needs'), ('{"share": 2.5}', 'share: needs'), ('{"share": "25"}', 'share: needs')) as t (what, message);
select matches(pg_temp.said('{"share": "all"}'), 'updates of store ' || (select public_id from data.stores where id = pg_temp.store()), 'the message names the store');
select matches(pg_temp.said('{"share": "all"}', 'organizations'), '^updates of organization ', 'nodes are held to the same grammar');

-- Down the tree.
insert into data.organizations (id, name, level, settings) values
  (977001, 'Chain', 1, '{"updates": {"version": "2.1", "bundle": "https://u.example/{board}-2.1.raucb", "share": 0}}');
insert into data.organizations (id, parent_id, name, level, settings) values
  (977011, 977001, 'Pilots', 2, '{"updates": {"share": 100}}'), (977012, 977001, 'Others', 2, '{}'), (977013, 977012, 'City', 4, '{}');
insert into data.stores (id, organization_id, node_id, name, settings) values
  (977101, 977001, 977011, 'pilot', '{}'), (977102, 977001, 977013, 'other', '{}'), (977103, 977001, 977011, 'stays', '{"updates": {"version": "2.0"}}');
create function pg_temp.told(store integer) returns jsonb
language sql as $$ select private.updates(s.settings, s.node_id) from data.stores s where s.id = store $$;
select is(pg_temp.told(977101), '{"version": "2.1", "bundle": "https://u.example/{board}-2.1.raucb", "share": 100}', 'a node may be first');
select is(pg_temp.told(977102) -> 'share', '0', 'elsewhere what is said above holds');
select is(pg_temp.told(977103) -> 'version', '"2.0"', 'the store is nearest');
select is(pg_temp.told(pg_temp.store()), null, 'what is said in part is not told');

-- Gateways hear of it.
select pg_temp.sync(0, 0, '[]') as answer \gset
select ok((:'answer'::jsonb) @? '$.config.store.updates ? (@ == null)', 'where nobody says anything gateways are told so');
create function pg_temp.heard() returns jsonb
language sql as $$ select pg_temp.sync(0, 0, '[]', jsonb_build_object('config_version', current_setting('test.version')::integer)) $$;
create function pg_temp.versions() returns text
language sql as $$ select string_agg(config_version::text, ' ' order by id) from data.stores where id between 977101 and 977103 $$;
select set_config('test.version', (:'answer'::jsonb) #>> '{config,version}', true) \g /dev/null
select ok(not pg_temp.heard() ? 'config', 'and once is enough');
select pg_temp.said('{"version": "2.1", "bundle": "https://u.example/2.1.raucb", "share": 5}', 'organizations') \g /dev/null
select is(pg_temp.heard() #> '{config,store,updates}', '{"version": "2.1", "bundle": "https://u.example/2.1.raucb", "share": 100}', 'what is said at a node reaches the gateways of its stores');

select pg_temp.versions() as before \gset
update data.organizations set settings = jsonb_set(settings, '{updates,share}', '10') where id = 977001;
select is(pg_temp.versions(), '2 2 2', 'a node speaks to all stores below');
update data.organizations set settings = '{"opening_hours": {"monday": []}}' where id = 977012;
select is(pg_temp.versions(), '2 3 2', 'also of opening hours, and to nobody else');
update data.organizations set settings = settings || '{"targets": {"visitors": {"day": 400}}}', name = 'Others, renamed' where id = 977012;
select is(pg_temp.versions(), '2 3 2', 'what gateways need not know is not told');
update data.stores set node_id = 977012 where id = 977103;
select is(pg_temp.versions(), '2 3 3', 'a store that moves may have other ones');
update data.organizations set parent_id = 977011, level = 3 where id = 977012;
select ok((select config_version > 3 from data.stores where id = 977102), 'and so may those of a node that moves');
select is(pg_temp.told(977102) -> 'share', '100', 'which it has');

select * from finish();
rollback;
