\ir setup.psql
select plan(40);

create function pg_temp.alerts() returns text
language sql as $$
  select coalesce(string_agg(kind || ' ' || severity || ' ' || state || coalesce(' ' || resolution, ''), ', ' order by id), 'none') from data.alerts where store_id = pg_temp.store();
$$;
create function pg_temp.silent_for(how_long interval) returns void
language sql as $$ update data.gateways set last_seen_at = now() - how_long where store_id = pg_temp.store() $$;
create function pg_temp.fleet() returns text
language sql as $$ select format('%s silent, %s returned, %s hushed, %s escalated', silent, returned, hushed, escalated) from private.evaluate_fleet() $$;

select private.evaluate_fleet() \g /dev/null
select pg_temp.become_store('silent') \g /dev/null
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'a gateway nobody has installed yet is not silent');
select pg_temp.sync(0, 1, '[]', jsonb_build_object('liveness', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'status', 'offline', 'last', pg_temp.ms(now() - interval '1 hour'), 'since', pg_temp.ms(now() - interval '1 hour'))),
  'alerts', jsonb_build_array(jsonb_build_object('kind', 'battery_low', 'key', 'b', 'severity', 'warning', 'state', 'open', 'message', 'm', 'opened_at', pg_temp.ms(pg_temp.monday()), 'sensor', pg_temp.door('B')),
                              jsonb_build_object('kind', 'disk_full', 'key', 'd', 'severity', 'info', 'state', 'open', 'message', 'm', 'opened_at', pg_temp.ms(pg_temp.monday()))))) \g /dev/null
select is(pg_temp.alerts(), 'battery_low warning open, disk_full info open, sensor_offline warning open', 'while a gateway is heard its sensors have alerts');
select count(*) as audited from data.audit_log \gset
select config_version as version from data.stores where id = pg_temp.store() \gset

select pg_temp.silent_for('14 minutes') \g /dev/null
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'a gateway that was heard a quarter of an hour ago is not silent');
select pg_temp.silent_for('16 minutes') \g /dev/null
select is(pg_temp.fleet(), '1 silent, 0 returned, 2 hushed, 0 escalated', 'a store that falls silent is alerted without any request');
select is(pg_temp.alerts(), 'battery_low warning resolved superseded, disk_full info open, sensor_offline warning resolved superseded, gateway_silent warning open', 'which hushes its sensors');
select results_eq($$ select status::text, offline_since from data.gateways where store_id = pg_temp.store() $$, $$ values ('offline', now() - interval '16 minutes') $$, 'the gateway is offline since it was last heard');
select matches((select message from data.alerts where store_id = pg_temp.store() and kind = 'gateway_silent'), 'Gateway "silent gateway" of store "silent" has been silent since 20.*check its power', 'the alert says what to try');
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'a minute later nothing happens twice');
select is((select count(*) from data.audit_log) - :audited, 0::bigint, 'nothing of it is in the audit log');
select is((select config_version from data.stores where id = pg_temp.store()), :version::integer, 'nor in the configuration');

-- Escalation.
update data.alerts set opened_at = now() - interval '239 minutes' where store_id = pg_temp.store() and kind = 'gateway_silent';
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'it is not critical before its rule''s time');
update data.alerts set opened_at = now() - interval '241 minutes' where store_id = pg_temp.store() and kind = 'gateway_silent';
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 1 escalated', 'after it, it is');
select results_eq($$ select severity, escalated_at from data.alerts where store_id = pg_temp.store() and kind = 'gateway_silent' $$, $$ values ('critical', now()) $$, 'and says since when');
update data.alerts set severity = 'warning', state = 'acknowledged', acknowledged_at = now() where store_id = pg_temp.store() and kind = 'gateway_silent';
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'one that somebody acknowledged does not escalate');
update data.alerts set state = 'open' where store_id = pg_temp.store() and kind = 'gateway_silent';
update data.stores set settings = '{"alert_rules": {"gateway_silent": {"escalate_minutes": 0}}}' where id = pg_temp.store();
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'nor does one whose rule says never');

-- Back again.
select pg_temp.sync(1, 1, '[]', jsonb_build_object('alerts', jsonb_build_array(jsonb_build_object('kind', 'battery_low', 'key', 'b', 'severity', 'warning', 'state', 'open', 'message', 'm', 'opened_at', pg_temp.ms(pg_temp.monday()), 'sensor', pg_temp.door('B'))))) \g /dev/null
select is((select state || ' ' || resolution from data.alerts where store_id = pg_temp.store() and kind = 'gateway_silent'), 'resolved ended', 'its first request ends it');
select is((select status || ' ' || coalesce(offline_since::text, 'heard') from data.gateways where store_id = pg_temp.store()), 'online heard', 'and it is online');
select is((select string_agg(state::text, ',') from data.alerts where store_id = pg_temp.store() and kind = 'battery_low'), 'open', 'what the gateway still reports of a sensor goes on');
select is((select count(*) from data.alerts where store_id = pg_temp.store() and kind = 'sensor_offline' and state = 'open'), 1::bigint, 'what the rules still find opens anew');

-- Rules of the store.
update data.stores set settings = '{"alert_rules": {"gateway_silent": {"minutes": 60}}}' where id = pg_temp.store();
select pg_temp.silent_for('59 minutes'), pg_temp.fleet() \g /dev/null
select is((select status::text from data.gateways where store_id = pg_temp.store()), 'online', 'a store may wait longer');
select pg_temp.silent_for('61 minutes') \g /dev/null
select is(pg_temp.fleet(), '1 silent, 0 returned, 2 hushed, 0 escalated', 'but not for ever');
update data.gateways set offline_since = null, status = 'online', last_seen_at = now() where store_id = pg_temp.store();
select is(pg_temp.fleet(), '0 silent, 1 returned, 0 hushed, 0 escalated', 'evaluate_fleet ends it as well');
update data.stores set settings = '{"alert_rules": {"gateway_silent": {"enabled": false}}}' where id = pg_temp.store();
select pg_temp.silent_for('2 hours') \g /dev/null
select pg_temp.fleet() as fleet \gset
select is(:'fleet' || ' ' || (select status from data.gateways where store_id = pg_temp.store()), '0 silent, 0 returned, 0 hushed, 0 escalated offline', 'with the rule off the gateway is offline and nobody is called');
update data.stores set settings = '{"alert_rules": {"gateway_silent": {"while_closed": false}}, "opening_hours": {}}' where id = pg_temp.store();
select is(pg_temp.fleet(), '0 silent, 0 returned, 0 hushed, 0 escalated', 'nor while the store is closed, if it so wishes');
update data.stores set settings = '{}' where id = pg_temp.store();
select is(pg_temp.fleet(), '1 silent, 0 returned, 0 hushed, 0 escalated', 'once it is open, somebody is');
update data.gateways set lifecycle = 'archived' where store_id = pg_temp.store();
select is(pg_temp.fleet(), '0 silent, 2 returned, 0 hushed, 0 escalated', 'the alerts of a gateway that is revoked end');
select results_eq($$ select evaluated_at, silent, returned from private.fleet_evaluation $$, $$ values (now(), 0, 2) $$, 'the last run is on record');

-- The outbox.
select pg_temp.become_store('told') \g /dev/null
select organization_id as tenant from data.stores where id = pg_temp.store() \gset
insert into data.organizations (name) values ('Another chain') returning id as other \gset
insert into data.organizations (parent_id, name, level) values (:tenant, 'Elsewhere', 2) returning id as elsewhere \gset
insert into data.user_profiles (id, organization_id, role, email_notifications, node_ids, store_ids, lifecycle) values
  ('11111111-0000-0000-0000-000000000001', :tenant, 'organization_administrator', true, '{}', '{}', 'active'),
  ('11111111-0000-0000-0000-000000000002', :tenant, 'regional_manager', true, array[:tenant], '{}', 'active'),
  ('11111111-0000-0000-0000-000000000003', :tenant, 'store_staff', true, '{}', array[pg_temp.store()], 'active'),
  ('11111111-0000-0000-0000-000000000004', :tenant, 'store_staff', false, '{}', array[pg_temp.store()], 'active'),
  ('11111111-0000-0000-0000-000000000005', :tenant, 'regional_manager', true, array[:elsewhere], '{}', 'active'),
  ('11111111-0000-0000-0000-000000000006', :tenant, 'organization_administrator', true, '{}', '{}', 'archived'),
  ('11111111-0000-0000-0000-000000000007', :other, 'organization_administrator', true, array[:tenant], array[pg_temp.store()], 'active'),
  ('11111111-0000-0000-0000-000000000008', :tenant, 'auditor', true, '{}', '{}', 'active');
update data.organizations set settings = '{"webhooks": {"chat": {"url": "https://chat.example/x", "secret": "chat_key"}, "pager": {"url": "https://pager.example", "severity": "critical"}, "old": {"url": "https://old.example", "enabled": false}}}' where id = :tenant;
create function pg_temp.posted() returns text
language sql as $$
  select coalesce(string_agg(o.event || ' ' || coalesce(right(o.recipient::text, 1), o.webhook), ', ' order by o.id, o.channel, o.recipient, o.webhook), 'nothing')
    from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = pg_temp.store() and o.state = 'waiting';
$$;
select pg_temp.sync(0, 1, '[]'), pg_temp.silent_for('1 hour'), pg_temp.fleet() \g /dev/null
select is((select string_agg(p, ', ' order by p) from unnest(string_to_array(pg_temp.posted(), ', ')) p), 'opened 1, opened 2, opened 3, opened 8, opened chat', 'told are those who see the store and want mail, and the webhooks that take such severity');
select is((select array_agg(o.recipient order by o.recipient) from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = pg_temp.store() and o.channel = 'mail'),
  (select array_agg(u.id order by u.id) from data.user_profiles u where u.email_notifications and u.lifecycle = 'active' and pg_temp.store() = any (private.stores_of(u))), 'nobody is told of a store they may not see');
select is((select target from private.outbox where webhook = 'chat'), '{"url": "https://chat.example/x", "secret": "chat_key"}', 'a webhook''s row names its secret and does not hold it');
select results_eq($$ select payload ->> 'event', payload ->> 'kind', payload ->> 'store_name' from private.outbox where webhook = 'chat' $$, $$ values ('opened', 'gateway_silent', 'told') $$, 'and says what happened where');
select count(*) as n from private.take_outbox(100) o join data.alerts a on a.id = o.alert_id where a.store_id = pg_temp.store() \gset
select is(:n, 5, 'a sender takes what is due');
select is((select count(*) from private.take_outbox(100)), 0::bigint, 'and nobody else gets it meanwhile');
select private.finish_outbox(o.id, true) from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = pg_temp.store() and o.channel = 'mail' \g /dev/null
select private.finish_outbox(o.id, false, 'connection refused') from private.outbox o where o.webhook = 'chat' \g /dev/null
select is((select string_agg(distinct o.channel || ' ' || o.state, ', ') from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = pg_temp.store()), 'mail sent, webhook waiting', 'what is sent is done, what failed waits');
select ok((select next_try_at between now() + interval '80 seconds' and now() + interval '150 seconds' and last_error = 'connection refused' from private.outbox where webhook = 'chat'), 'about two minutes after the first failure');
update private.outbox set tries = 6 where webhook = 'chat';
select private.finish_outbox(o.id, false, 'refused') from private.outbox o where o.webhook = 'chat' \g /dev/null
select ok((select next_try_at between now() + interval '47 minutes' and now() + interval '81 minutes' from private.outbox where webhook = 'chat'), 'longer and longer after more of them');
update private.outbox set tries = 10 where webhook = 'chat';
select private.finish_outbox(o.id, false, 'refused') from private.outbox o where o.webhook = 'chat' \g /dev/null
select is((select state || ' ' || last_error from private.outbox where webhook = 'chat'), 'dead refused', 'and is kept as a dead letter in the end');
delete from private.outbox;
update data.alerts set opened_at = now() - interval '1 day' where store_id = pg_temp.store();
select pg_temp.fleet() \g /dev/null
select is((select string_agg(p, ', ' order by p) from unnest(string_to_array(pg_temp.posted(), ', ')) p), 'escalated 1, escalated 2, escalated 3, escalated 8, escalated chat, escalated pager', 'an escalation is told too, now also to those who want the critical only');
delete from private.outbox;
select pg_temp.sync(1, 1, '[]') \g /dev/null
select is((select string_agg(p, ', ' order by p) from unnest(string_to_array(pg_temp.posted(), ', ')) p), 'resolved 1, resolved 2, resolved 3, resolved 8, resolved chat, resolved pager', 'and so is the end');
update private.outbox set state = 'sent', finished_at = now() - interval '31 days';
select pg_temp.fleet() \g /dev/null
select is((select count(*) from private.outbox), 0::bigint, 'what was sent a month ago is forgotten');

select * from finish();
rollback;
