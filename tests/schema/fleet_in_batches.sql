-- 1,230 gateways fall silent at once and come back: watch_fleet finds each of them once, 500 a transaction. Into a
-- database whose other gateways may be as they like; not inside a transaction.
\set ON_ERROR_STOP on
insert into data.organizations (name) values ('Silence') returning id as chain \gset
insert into data.stores (organization_id, node_id, name) select :chain, :chain, 'Silent store ' || n from generate_series(1, 1230) as n;
insert into data.gateways (organization_id, store_id, name, last_seen_at, status)
select s.organization_id, s.id, 'Silent gateway', now() - interval '1 hour', 'online' from data.stores s where s.organization_id = :chain;
-- One of them is being served; it must neither be waited for nor found silent.
select min(id) as served from data.gateways where organization_id = :chain \gset
create function pg_temp.hold(command text) returns void language sql as 'select dblink_exec(''holder'', command)';
select dblink_connect('holder', format('host=%s port=%s dbname=%s user=%s', current_setting('unix_socket_directories'), current_setting('port'), current_database(), current_user)) \g /dev/null
select pg_temp.hold('begin'), pg_temp.hold(format('update data.gateways set version = ''served'' where id = %s', :served)) \g /dev/null
set statement_timeout = '60s';
call private.watch_fleet(500);
select set_config('test.chain', :'chain', false), set_config('test.served', :'served', false) \g /dev/null
do $$
declare
  chain bigint := current_setting('test.chain');
  served bigint := current_setting('test.served');
  seen record;
begin
  select count(*) as alerts, count(distinct a.gateway_id) as gateways, count(distinct a.xmin::text) as transactions, bool_or(a.gateway_id = served) as served into seen
    from data.alerts a where a.organization_id = chain and a.kind = 'gateway_silent' and a.ended_at is null;
  assert seen.alerts = 1229 and seen.gateways = 1229, format('%s alerts of %s gateways', seen.alerts, seen.gateways);
  assert not seen.served, 'the one that was being served was called silent';
  assert seen.transactions between 3 and 4, format('%s transactions', seen.transactions);
  assert (select silent >= 1229 from private.fleet_evaluation), 'the run on record knows of all of them';
  raise notice '% gateways found silent in % transactions', seen.gateways, seen.transactions;
end $$;
select pg_temp.hold('commit'), dblink_disconnect('holder') \g /dev/null
update data.gateways set last_seen_at = now(), status = 'online', offline_since = null where organization_id = :chain;
call private.watch_fleet(500);
do $$
declare
  ended record;
begin
  select count(*) filter (where ended_at is null) as open, count(*) filter (where resolution = 'ended') as ended, count(distinct xmin::text) as transactions into ended
    from data.alerts where organization_id = current_setting('test.chain')::bigint;
  assert ended.open = 0 and ended.ended = 1229 and ended.transactions between 3 and 4, format('back again: %s', ended);
  raise notice 'and all back in %', ended.transactions;
end $$;
