-- Revert lintel:monitor from pg

begin;

drop view monitor.slow_queries, monitor.bloat, monitor.archiving, monitor.replication, monitor.connections, monitor.wraparound, monitor.vacuum,
  monitor.fleet, monitor.ingest, monitor.partitions;
drop function monitor.read_statements(), monitor.measure_bloat(oid), monitor.estimate_bloat(), monitor.read_archive_folder();
drop schema monitor;
revoke usage on schema extensions from lintel_monitor;
do $$
begin
  revoke pg_monitor from lintel_monitor;
exception when insufficient_privilege then
  raise notice 'lintel_monitor may still read what pg_monitor may';
end $$;

notify pgrst, 'reload schema';
commit;
