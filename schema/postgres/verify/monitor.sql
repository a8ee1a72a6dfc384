-- Verify lintel:monitor on pg

begin;

select table_name, partitions, from_at, to_at, reserve_days, bytes from monitor.partitions where false;
select readings, gateways, gateways_heard, heard_at, silent_seconds, rejected from monitor.ingest where false;
select stores, blind, gateways, gateways_silent, sensors, sensors_offline, backlog, open_alerts, critical_alerts, evaluated_at,
       outbox_waiting, outbox_dead, recompute_jobs, refreshed_at from monitor.fleet where false;
select relation, rows, dead_rows, dead_percent, vacuumed_at, analyzed_at, xid_age, mxid_age from monitor.vacuum where false;
select database, xid_age, mxid_age, percent from monitor.wraparound where false;
select most, used, active, idle, idle_in_transaction, waiting_for_locks, oldest_transaction_seconds, longest_idle_in_transaction_seconds
  from monitor.connections where false;
select kind, name, state, lag_bytes, lag_seconds from monitor.replication where false;
select enabled, archived, failed, archived_at, failed_at, failing, segments_waiting, backup_at, backup_seconds from monitor.archiving where false;
select relation, kind, bytes, wasted_bytes, wasted_percent, method, relation_id from monitor.bloat where false;
select role, of_clients, calls, mean_ms, max_ms, total_s, rows_per_call, cache_percent, statement_id, statement from monitor.slow_queries where false;
do $$
begin
  assert (select count(*) = 3 from monitor.partitions), 'a partitioned table is not watched';
  assert has_schema_privilege('lintel_monitor', 'monitor', 'usage') and has_table_privilege('lintel_monitor', 'monitor.fleet', 'select'),
    'who watches cannot look';
  assert not has_schema_privilege('authenticated', 'monitor', 'usage') and not has_schema_privilege('lintel_hq', 'monitor', 'usage'),
    'people can reach monitor';
end $$;

rollback;
