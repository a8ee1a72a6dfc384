\ir setup.psql
select plan(57);

-- Two chains; in the first a north with two stores and a south with one.
select pg_temp.become_store('north 1') \g /dev/null
select organization_id as chain, id as n1 from data.stores where id = pg_temp.store() \gset
select pg_temp.sync(0, 1, '[]', jsonb_build_object('liveness', jsonb_build_array(jsonb_build_object('sensor', pg_temp.door('A'), 'status', 'online', 'last', pg_temp.ms(now()), 'since', null)))) \g /dev/null
insert into data.organizations (parent_id, name, level) values (:chain, 'North', 2) returning id as north \gset
insert into data.organizations (parent_id, name, level) values (:chain, 'South', 2) returning id as south \gset
update data.stores set node_id = :north where id = :n1;
insert into data.stores (organization_id, node_id, name) values (:chain, :north, 'north 2') returning id as n2 \gset
insert into data.stores (organization_id, node_id, name) values (:chain, :south, 'south 1') returning id as s1 \gset
select store_id as foreign_store, organization_id as foreign_chain from private.add_store('Foreign chain', 'foreign', 'UTC') \gset
insert into data.user_profiles (id, organization_id, role, node_ids, store_ids) values
  ('00000000-0000-0000-0000-00000000000a', :chain, 'organization_administrator', '{}', '{}'),
  ('00000000-0000-0000-0000-00000000000b', :chain, 'regional_manager', array[:north], '{}'),
  ('00000000-0000-0000-0000-00000000000c', :chain, 'store_staff', '{}', array[:n1]),
  ('00000000-0000-0000-0000-00000000000d', :chain, 'auditor', '{}', '{}'),
  ('00000000-0000-0000-0000-00000000000e', :foreign_chain, 'organization_administrator', '{}', '{}');
insert into data.alerts (organization_id, store_id, public_id, kind, dedup_key, severity, message, opened_at)
  select s.organization_id, s.id, md5(s.name || k)::uuid, k, k, 'warning', 'm', now() from data.stores s, unnest('{x,y}'::text[]) k where s.id in (:n1, :n2, :s1, :foreign_store);
insert into data.alerts (organization_id, store_id, kind, dedup_key, severity, message, opened_at, state, resolved_at, resolution, ended_at)
  values (:chain, :n1, 'old', 'old', 'info', 'm', now() - interval '1 day', 'resolved', now(), 'ended', now());

create function pg_temp.as_person(letter text, statement text, who text default 'authenticated') returns text
language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', json_build_object('role', who, 'sub', '00000000-0000-0000-0000-00000000000' || letter)::text, true), set_config('response.status', '', true);
  execute format('set local role %I', who);
  begin
    execute statement into answer;
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  reset role;
  return concat_ws(' ', nullif(current_setting('response.status', true), ''), answer);
end $$;
create function pg_temp.id(name text, kind text default 'x') returns uuid language sql as $$ select md5(name || kind)::uuid $$;

-- Open alerts.
create function pg_temp.seen(letter text, who text default 'authenticated') returns text
language sql as $$ select pg_temp.as_person(letter, $s$ select string_agg(distinct store_name, ',' order by store_name) from api.open_alerts where kind in ('x', 'y', 'old') $s$, who) $$;
select is(pg_temp.seen('a'), 'north 1,north 2,south 1', 'an administrator sees the alerts of the chain');
select is(pg_temp.seen('b'), 'north 1,north 2', 'a manager those of the region');
select is(pg_temp.seen('c'), 'north 1', 'store staff those of the store');
select is(pg_temp.seen('d'), 'north 1,north 2,south 1', 'an auditor reads them too');
select is(pg_temp.seen('e'), 'foreign', 'another chain its own');
select is(pg_temp.seen('f'), '', 'who has no profile sees none');
select is(pg_temp.seen('f', 'lintel_hq'), 'foreign,north 1,north 2,south 1', 'HQ sees all');
select is(pg_temp.as_person('c', 'select count(*) from api.open_alerts where kind = ''old'''), '0', 'what is resolved is not open');
select matches(pg_temp.seen('f', 'anon'), '^42501', 'anonymous callers see nothing');
select matches(pg_temp.seen('f', 'lintel_gateway'), '^42501', 'gateways read no alerts');

-- Acknowledging.
create function pg_temp.acknowledge(letter text, alert uuid, note text default 'on my way', who text default 'authenticated') returns text
language sql as $$ select pg_temp.as_person(letter, format('select api.acknowledge_alert(%L, %L)', alert, note), who) $$;
create function pg_temp.resolve(letter text, alert uuid, note text default 'done', who text default 'authenticated') returns text
language sql as $$ select pg_temp.as_person(letter, format('select api.resolve_alert(%L, %L)', alert, note), who) $$;
create function pg_temp.state(alert uuid) returns text
language sql as $$ select concat_ws(' ', state, right(acknowledged_by::text, 1), acknowledged_note, resolution, right(resolved_by::text, 1), resolved_note) from data.alerts where public_id = alert $$;
select matches(pg_temp.acknowledge('c', pg_temp.id('north 1')), '"state": "acknowledged"', 'store staff takes notice of an alert of the store');
select is(pg_temp.state(pg_temp.id('north 1')), 'acknowledged c on my way', 'with name and note');
select matches(pg_temp.acknowledge('b', pg_temp.id('north 1'), 'me too'), '"acknowledged_by": "00000000-0000-0000-0000-00000000000c"', 'who comes second changes nothing and sees who was first');
select matches(pg_temp.seen('c'), 'north 1', 'it stays open for all to see');
select is(pg_temp.acknowledge('d', pg_temp.id('north 1')), '403 {"code": "42501", "hint": "Ask an administrator or the people of the store.", "details": null, "message": "auditors read alerts and do not answer them"}', 'an auditor may not');
select is(pg_temp.acknowledge('d', pg_temp.id('nowhere')), pg_temp.acknowledge('d', pg_temp.id('north 1')), 'and learns nothing from trying');
select matches(pg_temp.acknowledge('c', pg_temp.id('north 2')), '^404 .*there is no alert', 'an alert of another store does not exist');
select is(replace(pg_temp.acknowledge('c', pg_temp.id('north 2')), pg_temp.id('north 2')::text, ''), replace(pg_temp.acknowledge('c', pg_temp.id('nowhere')), pg_temp.id('nowhere')::text, ''),
  'exactly like one that is not there');
select matches(pg_temp.acknowledge('e', pg_temp.id('north 2')), '^404', 'nor does one of another chain');
select matches(pg_temp.acknowledge('f', pg_temp.id('north 2')), '^403', 'who has no profile answers nothing');
select is(pg_temp.state(pg_temp.id('north 2')), 'open', 'none of them changed it');
select matches(pg_temp.acknowledge('f', pg_temp.id('north 2'), null, 'anon'), '^42501 permission denied', 'anonymous callers may not even try');
select matches(pg_temp.acknowledge('f', pg_temp.id('north 2'), null, 'lintel_gateway'), '^42501 permission denied', 'nor gateways');
select is((select sum(times) from private.denials where function = 'acknowledge_alert' and organization_id = :chain), 6::bigint, 'what was denied is on record');
select matches(pg_temp.acknowledge('f', pg_temp.id('south 1'), 'HQ looks', 'lintel_hq'), '"acknowledged"', 'HQ may, everywhere');
select is(pg_temp.state(pg_temp.id('south 1')), 'acknowledged HQ looks', 'without a person''s name');

-- Resolving.
select matches(pg_temp.resolve('b', pg_temp.id('north 2')), '"resolved"', 'a manager closes an alert of the region');
select is(pg_temp.state(pg_temp.id('north 2')), 'resolved person b done', 'with name and note');
select matches(pg_temp.resolve('a', pg_temp.id('north 2'), 'again'), '"resolved_by": "00000000-0000-0000-0000-00000000000b"', 'closing it twice changes nothing');
select matches(pg_temp.acknowledge('a', pg_temp.id('north 2')), '^PT409 .*already resolved', 'what is closed cannot be acknowledged');
select matches(pg_temp.resolve('d', pg_temp.id('north 1')), '^403', 'an auditor closes nothing');
select matches(pg_temp.resolve('b', pg_temp.id('south 1')), '^404', 'a manager nothing of another region');
select is((select string_agg(state::text, ',' order by state) from data.alerts where store_id in (:s1, :n1) and kind = 'x'), 'acknowledged,acknowledged', 'so nothing happened');
delete from data.user_profiles where id = '00000000-0000-0000-0000-00000000000c';
select is(pg_temp.state(pg_temp.id('north 1')), 'acknowledged on my way', 'a person who is erased leaves the alert and what was noted');

-- Fleet health.
create function pg_temp.fleet(letter text, who text default 'authenticated') returns text
language sql as $$ select pg_temp.as_person(letter, $s$ select string_agg(concat_ws(' ', name, reason), ', ' order by name) from api.fleet_health where name in ('north 1', 'north 2', 'south 1', 'foreign') $s$, who) $$;
select is(pg_temp.fleet('a'), 'north 1, north 2 no_gateway, south 1 no_gateway', 'fleet health says which stores are blind and why');
select is(pg_temp.fleet('e'), 'foreign gateway_never_seen', 'of nobody else');
update data.gateways set last_seen_at = now() - interval '1 hour', version_since = now() - interval '2 hours' where store_id = :n1;
select private.evaluate_fleet() \g /dev/null
select is(pg_temp.as_person('b', $s$ select concat_ws(' ', name, reason, blind_for, version, blind_since - version_since, gateways_silent, open_alerts) from api.fleet_health where blind and gateways > 0 $s$),
  'north 1 gateway_silent 01:00:00 test 01:00:00 1 3', 'for how long, and since which version');
update data.gateways set last_seen_at = now(), offline_since = null, status = 'online' where store_id = :n1;
update data.sensor_metadata set status = 'offline', offline_since = now() - interval '30 minutes' where store_id = :n1;
select is(pg_temp.as_person('b', $s$ select concat_ws(' ', name, reason, blind_for, sensors_offline) from api.fleet_health where blind and gateways > 0 $s$), 'north 1 sensors_offline 00:30:00 2', 'a store all of whose sensors are silent is blind as well');
update data.sensor_metadata set status = 'online', offline_since = null where store_id = :n1 and serial = 'A';
select is(pg_temp.as_person('b', $s$ select count(*) from api.fleet_health where blind and gateways > 0 $s$), '0', 'one that still counts somewhere is not');
select private.note_rule_failure(:n1, 'capacity', 'XX000', 'broken'), private.note_rule_failure(:foreign_store, 'clock', 'XX000', 'broken') \g /dev/null
select is(pg_temp.as_person('b', $s$ select string_agg(name || ' ' || failing_rules::text, ',') from api.fleet_health where failing_rules is not null $s$), 'north 1 {capacity}', 'rules that fail are shown to those who see the store');
select is(pg_temp.as_person('a', 'select count(*) from api.fleet_health where platform is not null'), '0', 'how HQ itself is, is not the chains'' business');
select ok(pg_temp.as_person('f', 'select min((platform ->> ''partition_reserve_days'')::integer) from api.fleet_health', 'lintel_hq')::integer > 60, 'HQ sees the partitions'' reserve');
select ok(pg_temp.as_person('f', 'select bool_and(platform ?& array[''fleet_evaluated_at'', ''outbox_waiting'', ''outbox_dead'']) from api.fleet_health', 'lintel_hq')::boolean, 'the last evaluation and the outbox');

-- Custom metrics.
insert into data.daily_analytics (organization_id, store_id, sensor_id, day, count_in, count_out, unallocated_in, readings, updated_at)
  select :chain, :n1, s.id, date '2026-10-01' + d, 10 * d + case s.serial when 'A' then 1 else 0 end, 1, 5, 1, now()
    from data.sensor_metadata s, generate_series(0, 4) d where s.store_id = :n1;
insert into data.hourly_analytics (organization_id, store_id, sensor_id, hour_at, count_in, readings, updated_at)
  select :chain, :n1, s.id, timestamptz '2026-10-01 22:00Z' + h * interval '1 hour', 7, 1, now() from data.sensor_metadata s, generate_series(-1, 3) h where s.store_id = :n1 and s.serial = 'A';
update data.organizations set settings = '{"custom_metrics": {"busy_days": {"field": "count_in", "aggregate": "count", "comparison": {"operator": ">", "value": 40}}, "all_people": {"field": "people", "aggregate": "sum", "title": "Everybody"},
  "best_day": {"field": "count_in", "aggregate": "max"}, "hours": {"field": "count_in", "aggregate": "sum", "bucket": "hour"}}}' where id = :chain;
create function pg_temp.metric(letter text, name text, first date default '2026-10-01', last date default '2026-10-31') returns text
language sql as $$ select pg_temp.as_person(letter, format($s$ select string_agg(concat_ws(' ', store_name, coalesce(value::text, 'nothing'), buckets), ', ' order by store_name) from api.custom_metric(%L, %L, %L) $s$, name, first, last)) $$;
-- A and B have 10 d + 1 and 10 d: 1, 21, 41, 61, 81 a day.
select is(pg_temp.metric('a', 'busy_days'), 'north 1 3 3, north 2 0 0, south 1 0 0', 'a metric the chain defined: days with more than forty people');
select is(pg_temp.metric('b', 'all_people'), 'north 1 255 5, north 2 0 0', 'a manager gets it for the region; people counts what was known over a gap as well');
select is(pg_temp.metric('a', 'best_day', '2026-10-01', '2026-10-03'), 'north 1 41 3, north 2 nothing 0, south 1 nothing 0', 'the range includes both days; what nobody measured is nothing, not zero');
select is(pg_temp.metric('a', 'hours', '2026-10-02', '2026-10-02'), 'north 1 28 4, north 2 0 0, south 1 0 0', 'hours belong to the day of the store''s zone');
update data.organizations set settings = '{"custom_metrics": {"best_day": {"field": "readings", "aggregate": "min"}}}' where id = :north;
select is(pg_temp.metric('a', 'best_day'), 'north 1 2 5, north 2 nothing 0, south 1 nothing 0', 'a nearer node defines it anew for what is below');
select matches(pg_temp.metric('e', 'busy_days'), '^PT404 no metric', 'another chain does not have it');
select matches(pg_temp.metric('a', '''; drop table data.stores --'), '^PT404 no metric', 'a name is but a name');
select matches(pg_temp.metric('a', 'busy_days', '2024-01-01', '2026-01-01'), '^22023 .*at most 400 days', 'a range has an end');

create function pg_temp.metric_page(letter text, name text, first date, last date, page integer, size integer) returns text
language sql as $$ select pg_temp.as_person(letter, format($s$ select string_agg(concat_ws(' ', store_name, coalesce(value::text, 'nothing'), buckets, case when as_of is not null then 'as of' end), ', ' order by store_name) from api.custom_metric(%L, %L, %L, %L, %L) $s$, name, first, last, page, size)) $$;
select is(pg_temp.metric_page('a', 'busy_days', '2026-10-01', '2026-10-31', 2, 2), 'south 1 0 0', 'stores come a page at a time, by name');
select is(pg_temp.metric_page('a', 'busy_days', '2026-10-01', '2026-10-31', 4, 2), '', 'a page past the end is empty');
select matches(pg_temp.metric_page('a', 'busy_days', '2026-10-01', '2026-10-31', 0, 2), '^22023 page 0 of 2', 'pages count from 1');
select matches(pg_temp.metric_page('a', 'hours', '2026-01-01', '2026-10-31', 1, 100), '^22023 hours of 3 stores over 304 days', 'hours of many stores over many days are refused');
select private.refresh_analytics(true) \g /dev/null
select is(pg_temp.metric_page('a', 'busy_days', '2025-10-01', '2026-10-31', 1, 100), 'north 1 3 3 as of, north 2 0 0 as of, south 1 0 0 as of', 'days of very many come from the materialized view and say so');
select is(pg_temp.metric_page('a', 'busy_days', '2025-10-01', '2026-10-31', 1, 2), 'north 1 3 3, north 2 0 0', 'fewer of them exactly');

select * from finish();
rollback;
