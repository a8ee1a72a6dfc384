-- What a server that recovers must have at least as much of as the one that wrote the log, and which it is.
select current_setting('server_version_num')::integer / 10000 as major,
       (select string_agg(format('-c %s=%s', s.name, s.setting), ' ' order by s.name) from pg_settings s
         where s.name in ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')) as options,
       to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now
