\ir setup.psql
select plan(35);
select pg_temp.become_store('rules') \g /dev/null

-- What is refused, and that the complaint names the key and what is allowed.
create function pg_temp.complaint(settings jsonb) returns text
language plpgsql as $$
begin
  update data.stores s set settings = complaint.settings where id = pg_temp.store();
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select matches(pg_temp.complaint(settings::jsonb), message, settings) from (values
  ('{"alert_rules": []}', 'must be an object of rules'), ('{"alert_rules": {"x": {}}}', 'no rule "x"; the rules are capacity, clock,'),
  ('{"alert_rules": {"clock": 7}}', 'alert_rules.clock must be an object'),
  ('{"alert_rules": {"clock": {"minutes": 7}}}', 'alert_rules.clock: there is no key "minutes"; the keys are enabled, escalate_minutes, seconds'),
  ('{"alert_rules": {"clock": {"seconds": "7"}}}', 'alert_rules.clock.seconds must be a whole number from 10 to 86400, not "7"'),
  ('{"alert_rules": {"clock": {"seconds": 7}}}', 'from 10 to 86400, not 7'), ('{"alert_rules": {"clock": {"seconds": 12.5}}}', 'not 12.5'),
  ('{"alert_rules": {"clock": {"seconds": 1e300}}}', 'whole number'), ('{"alert_rules": {"clock": {"seconds": null}}}', 'whole number'),
  ('{"alert_rules": {"clock": {"enabled": "no"}}}', 'alert_rules.clock.enabled must be true or false'),
  ('{"alert_rules": {"capacity": {"severity": "fatal"}}}', 'must be "info", "warning" or "critical", not "fatal"'),
  ('{"alert_rules": {"gateway_silent": {"minutes": 2}}}', 'from 6 to 10080'),
  ('{"webhooks": {"a": {"url": "http://a.example"}}}', 'webhooks.a: url must be https'),
  ('{"webhooks": {"a": {"url": "https://me:word@a.example"}}}', 'no password'), ('{"webhooks": {"a": {"url": "https://a.example", "password": "x"}}}', 'no key "password"'),
  ('{"webhooks": {"a": {"url": "https://a.example", "secret": "Pa$$w0rd"}}}', 'not the secret'),
  ('{"custom_metrics": {"A b": {}}}', 'a name has'), ('{"custom_metrics": {"a": {"field": "pg_sleep(9)", "aggregate": "sum"}}}', 'custom_metrics.a: field must be count_in'),
  ('{"custom_metrics": {"a": {"field": "people"}}}', 'aggregate must be'), ('{"custom_metrics": {"a": {"field": "people", "aggregate": "sum", "where": "1=1"}}}', 'no key "where"'),
  ('{"custom_metrics": {"a": {"field": "people", "aggregate": "sum", "comparison": {"operator": "or", "value": 1}}}}', 'comparison must be an operator'),
  ('{"custom_metrics": {"a": {"field": "people", "aggregate": "sum", "comparison": {"operator": ">", "value": "1; select 1"}}}}', 'a number')) as t (settings, message);
select is(pg_temp.complaint('{"alert_rules": {"clock": {"seconds": 60}, "capacity": {}}, "free": {"any": "thing"},
  "webhooks": {"chat": {"url": "https://chat.example:8443/a?b=c", "secret": "chat", "severity": "critical", "enabled": false}}}'), 'taken', 'what the grammar knows is taken, other settings are not its business');
select throws_like($$ update data.organizations set settings = '{"alert_rules": {"x": {}}}' where id = (select organization_id from data.stores where id = pg_temp.store()) $$,
  '%no rule "x"%', 'a node''s settings are held to the same');

-- Inheritance: root, a region, a store.
insert into data.organizations (parent_id, name, level) select organization_id, 'North', 2 from data.stores where id = pg_temp.store() returning id as north \gset
update data.stores set node_id = :north, settings = '{}' where id = pg_temp.store();
create function pg_temp.rule(rule text) returns jsonb language sql as $$ select private.rules_of(s) -> rule from data.stores s where s.id = pg_temp.store() $$;
select is(pg_temp.rule('sensor_offline') ->> 'minutes', '30', 'without a word the defaults hold');
update data.organizations set settings = '{"alert_rules": {"sensor_offline": {"minutes": 60, "severity": "critical"}, "clock": {"seconds": 100}}}'
 where id = (select organization_id from data.stores where id = pg_temp.store());
select is(pg_temp.rule('sensor_offline') ->> 'minutes', '60', 'what the root says holds for a store far below');
update data.organizations set settings = '{"alert_rules": {"sensor_offline": {"minutes": 90}}}' where id = :north;
select is(pg_temp.rule('sensor_offline') ->> 'minutes', '90', 'a nearer node overrides it');
select is(pg_temp.rule('sensor_offline') ->> 'severity', 'warning', 'rule by rule: what the nearer leaves out is the default');
select is(pg_temp.rule('clock') ->> 'seconds', '100', 'rules it does not name go on');
update data.stores set settings = '{"alert_rules": {"sensor_offline": {"enabled": false}}}' where id = pg_temp.store();
select is(pg_temp.rule('sensor_offline') ->> 'enabled', 'false', 'the store has the last word');

-- Opening hours in the store's zone, over midnight and the change of the clocks.
select is((select string_agg(private.is_open('{"friday": [["18:00", "02:00"]]}', 'Europe/Berlin', at)::text, ',' order by at)
             from unnest('{2026-10-23 15:59Z,2026-10-23 16:01Z,2026-10-23 23:59Z,2026-10-24 00:01Z}'::timestamptz[]) at), 'false,true,true,false', 'a bar that closes at two is open after midnight');
select is((select string_agg(private.is_open('{"sunday": [["00:00", "24:00"]]}', 'Europe/Berlin', at)::text, ',' order by at)
             from unnest('{2026-10-24 21:59Z,2026-10-24 22:01Z,2026-10-25 22:59Z,2026-10-25 23:01Z}'::timestamptz[]) at), 'false,true,true,false', 'the Sunday of 25 hours is open all of them');
select is(private.open_since('{"monday": [["09:00", "20:00"]], "tuesday": [["09:00", "20:00"]]}', 'Europe/Berlin', '2026-11-24 10:00+01', '3 hours'), '2026-11-23 18:00+01', 'closed hours do not count');
select is(private.open_since('{}', 'Europe/Berlin', '2026-11-24 10:00+01', '3 hours'), null, 'a store that never opens has no such instant');
select ok(private.is_open(null, 'Europe/Berlin', now()), 'where nobody said the hours it is always open');

select * from finish();
rollback;
