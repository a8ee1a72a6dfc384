-- Deploy lintel:health_checks to pg
-- requires: capacity
-- One line per thing that can go wrong, with the two limits at which it is worth a look and at which it is urgent. The alert
-- rules (schema/prometheus) have the same limits.

begin;
set local role lintel_owner;

create view monitor.checks as
  with found (check_name, value, unit, warning, critical, says, advice) as (
    select 'partitions', min(p.reserve_days)::numeric, 'days left', 30, 7,
           format('partitions reach %s days ahead', min(p.reserve_days)),
           'lintel-hq partitions create; then see why private.maintain() does not run every day.'
      from monitor.partitions p
    union all
    select 'ingest', i.silent_seconds, 'seconds', 900, 3600,
           case when i.gateways = 0 then 'no gateway was ever heard'
                else format('%s of %s gateways heard in 5 minutes, the last %s s ago', i.gateways_heard, i.gateways, i.silent_seconds) end,
           'Does PostgREST answer, does PgBouncer, is a proxy or a certificate in the way? Gateways keep their readings meanwhile.'
      from monitor.ingest i
    union all
    select 'rejected', i.rejected, 'readings', 100, 10000, format('%s readings were rejected within a day', i.rejected),
           'select codes, hour_at, gateway_id from private.reading_quality order by hour_at desc; schema/README.md says what each code means.'
      from monitor.ingest i
    union all
    select 'blind_stores', case when f.stores > 0 then round(100.0 * f.blind / f.stores, 1) end, 'percent', 5, 20,
           format('%s of %s stores are blind', f.blind, f.stores), 'lintel-hq fleet names them, and why.'
      from monitor.fleet f
    union all
    select 'fleet_watch', extract(epoch from now() - coalesce(f.evaluated_at, (select min(g.created_at) from data.gateways g)))::bigint, 'seconds', 300, 1800,
           case when f.evaluated_at is null then 'nobody ever looked for stores that fall silent'
                else format('stores that fall silent were last looked for %s s ago', extract(epoch from now() - f.evaluated_at)::bigint) end,
           'call private.watch_fleet(); has to run every minute: pg_cron, or cron with psql.'
      from monitor.fleet f
    union all
    select 'outbox', f.outbox_dead, 'messages', 1, 100, format('%s messages could not be delivered, %s wait', f.outbox_dead, f.outbox_waiting),
           'select target, last_error from private.outbox where state = ''dead''; then put the sender right.'
      from monitor.fleet f
    union all
    select 'disk', r.used_percent, 'percent', 70, 85,
           case when r.disk_bytes is null then 'nobody said how large the disk is'
                else format('%s of %s are used', pg_size_pretty(r.used_bytes), pg_size_pretty(r.disk_bytes)) end,
           'lintel-hq capacity; a larger disk, or shorter retention (postgres/CAPACITY.md, Steps). How large it is: update private.settings set value = ''BYTES'' where key = ''disk_bytes'';'
      from (select nullif(s.value::bigint, 0) as disk_bytes, pg_database_size(current_database()) as used_bytes,
                   round(100.0 * pg_database_size(current_database()) / nullif(s.value::bigint, 0), 1) as used_percent
              from private.settings s where s.key = 'disk_bytes') as r
    union all
    select 'archiving', case when a.enabled and not a.failing then coalesce(a.segments_waiting, 0) when a.enabled then greatest(a.segments_waiting, 100) end, 'segments', 10, 100,
           case when not a.enabled then 'the log is not archived (archive_mode is off)'
                when a.failing then format('archive_command fails since %s, %s segments wait', to_char(a.failed_at, 'YYYY-MM-DD HH24:MI'), coalesce(a.segments_waiting::text, 'some'))
                else format('%s segments wait to be archived', coalesce(a.segments_waiting::text, 'nobody sees how many')) end,
           'The server''s log says what archive_command says; pgbackrest --stanza=lintel check. See schema/backup/README.md.'
      from monitor.archiving a
    union all
    select 'backup', a.backup_seconds, 'seconds', 100000, 200000,
           case when a.backup_at is null then 'no physical backup is known to this server' else format('the last backup ended %s', to_char(a.backup_at, 'YYYY-MM-DD HH24:MI')) end,
           'pgbackrest --stanza=lintel info; its log says why there is none of last night.'
      from monitor.archiving a
    union all
    select 'replication', max(r.lag_seconds), 'seconds', 30, 300,
           case when count(*) = 0 then 'there is no replica' else format('%s: at most %s s behind', string_agg(r.name, ', ' order by r.name), round(max(r.lag_seconds), 1)) end,
           'Is the replica''s disk or processor busy, does a long query hold up its replay, is the line slow? lintel-hq health replication.'
      from monitor.replication r where r.kind <> 'slot'
    union all
    select 'slots', round(coalesce(max(r.lag_bytes), 0) / 1048576.0, 1), 'MB', 1024, 10240,
           case when count(*) = 0 then 'no replication slot holds back the log' else format('slots hold back %s of the log', pg_size_pretty(max(r.lag_bytes))) end,
           'A slot nobody reads fills the disk: select pg_drop_replication_slot(''NAME''); for a replica that is gone. max_slot_wal_keep_size limits it.'
      from monitor.replication r where r.kind = 'slot'
    union all
    select 'connections', round(100.0 * c.used / c.most, 1), 'percent', 80, 95, format('%s of %s connections are used', c.used, c.most),
           'Put PgBouncer before whoever has many (schema/pgbouncer): select usename, application_name, count(*) from pg_stat_activity group by 1, 2;'
      from monitor.connections c
    union all
    select 'transactions', c.oldest_transaction_seconds, 'seconds', 900, 3600,
           format('the oldest transaction is %s s old, %s wait for locks', c.oldest_transaction_seconds, c.waiting_for_locks),
           'It keeps vacuum from cleaning up: select pid, usename, state, xact_start, query from pg_stat_activity order by xact_start; then pg_terminate_backend(pid).'
      from monitor.connections c
    union all
    select 'wraparound', max(w.percent), 'percent', 25, 50, format('%s %% of the transaction numbers are used', max(w.percent)),
           'vacuum (freeze) the oldest tables: select relation, xid_age from monitor.vacuum order by 2 desc; an old transaction, slot or prepared transaction keeps it from working.'
      from monitor.wraparound w
    union all
    select 'dead_rows', coalesce(max(v.dead_percent), 0), 'percent', 30, 60,
           case when count(*) = 0 then 'no table has 10000 dead rows'
                else format('%s has %s %% dead rows', (array_agg(v.relation order by v.dead_percent desc))[1], max(v.dead_percent)) end,
           'Does autovacuum come round? An old transaction keeps it from working (transactions, slots). vacuum (verbose) the table.'
      from monitor.vacuum v where v.dead_rows >= 10000
    union all
    select 'bloat', coalesce(max(b.wasted_percent), 0), 'percent', 50, 80,
           case when count(*) = 0 then 'no table or index above 100 MB is analyzed'
                else format('%s wastes %s (%s)', (array_agg(b.relation order by b.wasted_percent desc))[1],
                            pg_size_pretty((array_agg(b.wasted_bytes order by b.wasted_percent desc))[1]), min(b.method)) end,
           'lintel-hq health bloat --measured; an index: reindex index concurrently NAME; a table: new rows fill it again.'
      from monitor.bloat b where b.bytes >= 104857600
    union all
    select 'slow_queries', max(s.mean_ms), 'ms', 200, 1000,
           case when not exists (select from pg_extension e where e.extname = 'pg_stat_statements') then 'pg_stat_statements is not installed here'
                when count(*) = 0 then 'no statement was called 20 times yet'
                else format('people and gateways wait %s ms on average for the slowest', max(s.mean_ms)) end,
           'lintel-hq health slow shows it, lintel-hq perf the documented ones. pg_stat_statements: shared_preload_libraries (schema/backup/postgresql.conf), restart, create extension.'
      from monitor.slow_queries s where s.of_clients and s.calls >= 20
  )
  select f.check_name,
         case when f.value is null then 'unknown'
              -- Less is worse where the limits fall.
              when f.critical < f.warning then case when f.value <= f.critical then 'critical' when f.value <= f.warning then 'warning' else 'ok' end
              when f.value >= f.critical then 'critical' when f.value >= f.warning then 'warning' else 'ok' end as state,
         f.value, f.unit, f.warning, f.critical, f.says, f.advice
    from found f;
comment on view monitor.checks is 'What can go wrong with the database: state (ok, warning, critical; unknown where nothing can be said), value, limits, and what to do';

revoke all on monitor.checks from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on monitor.checks to lintel_monitor;

notify pgrst, 'reload schema';
commit;
