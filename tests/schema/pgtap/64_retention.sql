\ir setup.psql
select plan(53);

-- A setting per tenant.
insert into data.organizations (id, name, level) values (964001, 'Keeps two months', 1), (964002, 'Keeps all', 1);
insert into data.organizations (id, parent_id, name, level) values (964011, 964001, 'North', 2);
create function pg_temp.set_months(value jsonb, id bigint default 964001) returns text
language plpgsql as $$
begin
  update data.organizations o set settings = jsonb_build_object('raw_retention_months', value) where o.id = set_months.id;
  return 'taken';
exception when check_violation then
  return sqlerrm;
end $$;
select is(pg_temp.set_months(value::jsonb), case when taken then 'taken' else format('raw_retention_months of organization Keeps two months is %s, but must be a whole number from 1 to 13', value) end, 'a retention of ' || value)
  from (values ('1', true), ('13', true), ('0', false), ('14', false), ('1.5', false), ('-3', false), ('"2"', false), ('null', false), ('99999999999', false), ('2', true)) as t (value, taken);
select matches(pg_temp.set_months('2', 964011), 'only the root of a tree has one', 'a node below the root has none of its own');
select is(private.retention_horizon(964001), date_trunc('month', now() - interval '2 months', 'UTC'), 'the tenant''s horizon');
select is(private.retention_horizon(964002), private.retention_horizon(), 'who says nothing has everybody''s');
update private.settings set value = '1' where key = 'raw_retention_months';
select is(private.retention_horizon(964001), date_trunc('month', now() - interval '1 month', 'UTC'), 'and never a longer one');
update private.settings set value = '13' where key = 'raw_retention_months';

-- Readings of one tenant that keeps them for two months, beside a neighbour that keeps them all.
create function pg_temp.horizon() returns timestamptz language sql as $$ select date_trunc('month', now() - interval '2 months', 'UTC') $$;
create function pg_temp.fill() returns jsonb language sql as $$
  select pg_temp.sync(0, 5, jsonb_build_array(
    pg_temp.reading(pg_temp.horizon() - interval '10 days', 1), pg_temp.reading(pg_temp.horizon() - interval '40 days', 2),
    pg_temp.reading(pg_temp.horizon() - interval '1 day', 4), pg_temp.reading(pg_temp.horizon() + interval '1 day', 8),
    pg_temp.reading(pg_temp.horizon() - interval '30 days', 16, 1, jsonb_build_object('dur', 86400000::bigint * 31)),
    jsonb_build_object('sensor', pg_temp.door('A'), 'region', 'R', 't', pg_temp.ms(pg_temp.horizon() - interval '10 days'), 'occ', '3')));
$$;
select pg_temp.become_store('neighbour') \g /dev/null
select pg_temp.store() as neighbour \gset
select pg_temp.fill() \g /dev/null
select pg_temp.become_store('shorter') \g /dev/null
select pg_temp.fill() \g /dev/null
select organization_id as tenant from data.stores where id = pg_temp.store() \gset
select is(pg_temp.codes(pg_temp.sync(5, 6, jsonb_build_array(pg_temp.reading(pg_temp.horizon() - interval '1 minute', 1)))), '', 'before the tenant says anything old readings are taken');
select pg_temp.set_months('2', :tenant) \g /dev/null
select is(pg_temp.codes(pg_temp.sync(6, 7, jsonb_build_array(pg_temp.reading(pg_temp.horizon() - interval '1 minute', 2, 2), pg_temp.reading(pg_temp.horizon(), 32)))), 'too_old',
  'afterwards those before its horizon are too old');
create function pg_temp.left_of(store integer) returns text language sql as $$
  select string_agg(count_in::text, ',' order by count_in) from data.people_counting_raw where store_id = store $$;
select is((select string_agg(deleted || ' ' || finished, ',') from private.apply_retention(2) where organization_id = :tenant), '2 false', 'a batch takes no more than it may');
select is((select string_agg(deleted || ' ' || finished, ',') from private.apply_retention(2) where organization_id = :tenant), '1 true', 'the next takes the rest');
select is((select string_agg(deleted || ' ' || finished, ',') from private.apply_retention(2) where organization_id = :tenant), '0 true', 'and then there is nothing left');
select is(pg_temp.left_of(pg_temp.store()), '1,4,8,16,32', 'two days before the horizon stay, and a long reading that reaches across it: their days can still change');
select is((select count(*) from data.regional_counting_raw where store_id = pg_temp.store()), 0::bigint, 'regions too');
select is(pg_temp.left_of(:neighbour), '1,2,4,8,16', 'the neighbour keeps all');
select is((select sum(count_in + unallocated_in) from data.daily_analytics where store_id = pg_temp.store()), 64::numeric, 'roll-ups stay as they were');
select is(pg_temp.codes(pg_temp.sync(7, 8, jsonb_build_array(pg_temp.reading(pg_temp.horizon(), 64, 2)))), '', 'a correction right at the horizon');
select is((select sum(count_in + unallocated_in) from data.daily_analytics where store_id = pg_temp.store()), 96::numeric, 'still finds all of its day');
select throws_ok('select * from private.apply_retention(0)', '22023', 'batch is 0, but must be at least 1', 'a batch of nothing is refused');

-- Whole partitions.
select is_empty('select * from private.expired_partitions()', 'while one tenant keeps everybody''s time no partition is expired');
select pg_temp.set_months('2', o.id) from data.organizations o where o.parent_id is null \g /dev/null
select ok((select count(*) > 10 from private.expired_partitions()), 'once every tenant keeps less, the older ones are');
select ok((select max(to_at) <= pg_temp.horizon() - interval '2 days' from private.expired_partitions()), 'none that reaches into what is kept');
delete from data.people_counting_raw where count_in <> 16;
select ok(not exists (select from private.expired_partitions() e join private.partition_bounds b using (partition_name)
   where b.table_name = 'people_counting_raw' and exists (select from data.people_counting_raw r where r.started_at >= b.from_at and r.started_at < b.to_at)), 'nor one with a long reading that ends in what is kept');
delete from data.people_counting_raw;
select set_eq('select partition_name from private.expired_partitions()', $$ select partition_name from private.partition_bounds
   where table_name in ('people_counting_raw', 'regional_counting_raw') and to_at <= pg_temp.horizon() - interval '2 days' $$, 'without it all of them');

-- The audit log leaves by partitions, too, after a time of its own.
select private.add_partition('audit_log', now() - interval '40 months', now() - interval '36 months 1 hour') as old_audit,
       private.add_partition('audit_log', now() - interval '35 months', now() - interval '34 months') as young_audit \gset
select results_eq($$ select partition_name from private.expired_partitions() where table_name = 'audit_log' $$, array[:'old_audit'], 'a partition of the audit log expires after three years');
update private.settings set value = '33' where key = 'audit_retention_months';
select results_eq($$ select partition_name from private.expired_partitions() where table_name = 'audit_log' $$, array[:'old_audit', :'young_audit'], 'or when the setting says');

-- What else only grows.
insert into data.alerts (organization_id, store_id, kind, dedup_key, severity, message, opened_at, state, resolved_at, resolution, ended_at)
select s.organization_id, s.id, k.kind, k.kind, 'info', 'm', now() - interval '600 days', k.state::data.alert_state, k.resolved_at, case when k.resolved_at is not null then k.how end, k.ended_at
  from data.stores s, (values ('kept open', 'open', null::timestamptz, null, null::timestamptz), ('kept lasting', 'resolved', now() - interval '500 days', 'person', null),
                              ('kept young', 'resolved', now() - interval '500 days', 'person', now() - interval '399 days'),
                              ('gone', 'resolved', now() - interval '401 days', 'ended', now() - interval '401 days'),
                              ('gone as well', 'resolved', now() - interval '401 days', 'ended', now() - interval '401 days')) as k (kind, state, resolved_at, how, ended_at)
 where s.id = pg_temp.store();
select private.note_rule_failure(pg_temp.store(), rule, 'XX000', 'broken') from unnest('{old,young}'::text[]) as rule \g /dev/null
update private.rule_failures set last_at = now() - case rule when 'old' then 91 else 89 end * interval '1 day' where store_id = pg_temp.store();
insert into private.enrolments (organization_id, store_id, gateway_id, token_hash, secret_hash, expires_at, used_at)
select s.organization_id, s.id, g.id, sha256(k.name::bytea), case when k.used is not null then sha256(k.name::bytea) end, now() - k.expired * interval '1 day', now() - k.used * interval '1 day'
  from data.stores s join data.gateways g on g.store_id = s.id,
       (values ('used long ago', 402, 401), ('used lately', 402, 399), ('ran out long ago', 401, null), ('open', -1, null)) as k (name, expired, used)
 where s.id = pg_temp.store();
create function pg_temp.kept() returns text language sql as $$
  select concat_ws('; ', (select string_agg(kind, ', ' order by kind) from data.alerts where store_id = pg_temp.store()),
                   (select string_agg(rule, ', ' order by rule) from private.rule_failures where store_id = pg_temp.store()),
                   (select count(*) from private.enrolments where store_id = pg_temp.store())) $$;
select is(pg_temp.kept(), 'gone, gone as well, kept lasting, kept open, kept young; old, young; 4', 'alerts, failures, tokens, some of them old');
select results_eq('select * from private.forget_records(1)', $$ values ('alerts', 1::bigint, false), ('rule_failures', 1::bigint, false), ('enrolments', 1::bigint, false) $$, 'a batch takes no more than it may of each');
select results_eq('select * from private.forget_records(2)', $$ values ('alerts', 1::bigint, true), ('rule_failures', 0::bigint, true), ('enrolments', 1::bigint, true) $$, 'the next takes the rest');
select is(pg_temp.kept(), 'kept lasting, kept open, kept young; young; 2', 'what is open, lasts or is young stays');
select set_eq('select token_hash from private.enrolments where store_id = pg_temp.store()', $$ select sha256(x::bytea) from unnest('{used lately,open}'::text[]) as x $$, 'of tokens those used lately and the open ones');
select is((select sum(deleted) from private.forget_records()), 0::numeric, 'and then there is nothing left');
update private.settings set value = '398' where key = 'alerts_retention_days';
select is((select deleted from private.forget_records() where table_name = 'alerts'), 1::bigint, 'how long is a setting');
select throws_ok('select * from private.forget_records(0)', '22023', 'batch is 0, but must be at least 1', 'a batch of no record is refused');
select is_empty($$ select r from unnest(array['anon', 'authenticated', 'lintel_gateway', 'lintel_hq']) as r where has_function_privilege(r, 'private.forget_records(integer)', 'execute') $$, 'nobody outside makes it forget');

-- The archive register.
select partition_name as part from private.expired_partitions() limit 1 \gset
select throws_ok(format('select private.register_archive(%L, 964001, ''s3'', ''bucket/x'', 10, 1, repeat(''a'', 64))', :'part'), '23503', 'organization 964001 has no archive key', 'nothing is archived in clear');
select throws_ok('select * from private.archive_key(964011)', '23503', 'organization 964011 is no tenant', 'a node has no key of its own');
select is(length((private.archive_key(964001)).secret), 32, 'a tenant has');
select is((private.archive_key(964001)).secret, (private.archive_key(964001)).secret, 'always the same');
select isnt((private.archive_key(964001)).secret, (private.archive_key(964002)).secret, 'and not another one''s');
select is(private.register_archive(:'part', 964001, 's3', 'bucket/x', 10, 1, repeat('a', 64)), private.register_archive(:'part', 964001, 's3', 'bucket/x', 10, 1, repeat('a', 64)), 'a file is registered once, however often it is said');
select throws_like(format('select private.register_archive(%L, 964001, ''s3'', ''bucket/x'', 10, 1, repeat(''b'', 64))', :'part'), 'partition % of organization 964001 is archived already, at s3 bucket/x', 'another file for the same rows is refused');
select is((select archives from private.expired_partitions() where partition_name = :'part'), 1::bigint, 'expired partitions tell how many archives they have');
select is((select (private.touch_archive(id)).last_used_at is not null from private.archives where organization_id = 964001), true, 'reading an archive is noted');
select throws_ok('select private.touch_archive(0)', 'P0002', 'there is no archive 0', 'one that is not there is said so');
select throws_ok($$ insert into private.archives (partition_name, organization_id, key_id, provider, namespace, bytes, rows, checksum) select 'p', 964001, id, 's3', 'x', 1, 1, 'nonsense' from private.archive_keys where organization_id = 964001 $$,
  '23514', null, 'a checksum is one');

select * from finish();
rollback;
