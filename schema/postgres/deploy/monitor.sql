-- Deploy lintel:monitor to pg
-- requires: partitions
-- requires: fleet_health
-- What whoever watches the database reads: lintel_monitor, and who was granted it, an exporter for example. Views read our
-- tables as their owner; the server's own statistics they read as who asks, with what pg_monitor allows.

begin;

create schema monitor authorization lintel_owner;

do $$
begin
  grant pg_monitor to lintel_monitor;
exception when insufficient_privilege then
  raise notice 'lintel_monitor does not see statements of others, standbys and files of the log: grant pg_monitor to lintel_monitor;';
end $$;
-- Where pg_stat_statements lies on Supabase.
grant usage on schema extensions to lintel_monitor;

set local role lintel_owner;
comment on schema monitor is 'Lintel: how the database does; for lintel_monitor';
revoke all on schema monitor from public;
grant usage on schema monitor to lintel_monitor;

create view monitor.partitions as
  select p.relname::text as table_name, count(c.oid) as partitions, min(b.from_at) as from_at, max(b.to_at) as to_at,
         -- The first end behind which no partition begins: a later one beyond a gap is no reserve.
         coalesce(greatest(extract(day from (
           select min(e.to_at) from private.partition_bounds e
            where e.table_name = p.relname and e.to_at > now()
              and not exists (select from private.partition_bounds n where n.table_name = e.table_name and n.from_at = e.to_at)
              and exists (select from private.partition_bounds c where c.table_name = e.table_name and c.from_at <= now() and now() < c.to_at))
           - now()), 0), 0)::integer as reserve_days,
         coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes
    from pg_class p
    join pg_namespace n on n.oid = p.relnamespace and n.nspname = 'data'
    left join private.partition_bounds b on b.table_name = p.relname
    left join pg_class c on c.relname = b.partition_name and c.relnamespace = (select s.oid from pg_namespace s where s.nspname = 'partitions')
   where p.relkind = 'p'
   group by p.relname;
comment on view monitor.partitions is 'Per partitioned table: how far its partitions reach without a gap, and what they take. At 0 days gateways get PT503 and keep their readings.';

create view monitor.ingest as
  select (select coalesce(sum(pg_stat_get_tuples_inserted(c.oid)), 0)::bigint
            from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'partitions'
           where c.relname ~ '^(people|regional)_counting_raw_') as readings,
         count(*) as gateways, count(*) filter (where g.last_seen_at > now() - interval '5 minutes') as gateways_heard,
         max(g.last_seen_at) as heard_at, extract(epoch from now() - max(g.last_seen_at))::bigint as silent_seconds,
         (select coalesce(sum(q.rejected), 0)::bigint from private.reading_quality q where q.hour_at > now() - interval '24 hours') as rejected
    from data.gateways g
   where g.deleted_at is null and g.lifecycle not in ('completed', 'cancelled', 'archived') and g.last_seen_at is not null;
comment on view monitor.ingest is 'What arrives: readings written since the statistics began (a counter), gateways that were ever heard and within five minutes, readings rejected within a day';

create view monitor.fleet as
  select count(*) as stores, count(*) filter (where h.blind) as blind, coalesce(sum(h.gateways), 0)::bigint as gateways,
         coalesce(sum(h.gateways_silent), 0)::bigint as gateways_silent, coalesce(sum(h.sensors), 0)::bigint as sensors,
         coalesce(sum(h.sensors_offline), 0)::bigint as sensors_offline, coalesce(sum(h.backlog), 0)::bigint as backlog,
         coalesce(sum(h.open_alerts), 0)::bigint as open_alerts, coalesce(sum(h.critical_alerts), 0)::bigint as critical_alerts,
         (select e.evaluated_at from private.fleet_evaluation e) as evaluated_at,
         (select count(*) from private.outbox o where o.state = 'waiting') as outbox_waiting,
         (select count(*) from private.outbox o where o.state = 'dead') as outbox_dead,
         (select count(*) from private.recompute_jobs j where j.finished_at is null) as recompute_jobs,
         (select min(r.refreshed_at) from private.refreshes r) as refreshed_at
    from private.store_health h
    join data.stores s on s.id = h.store_id and s.deleted_at is null
    join data.organizations o on o.id = s.node_id
     and not o.path operator(extensions.<@) array(select d.path from data.organizations d where d.deleted_at is not null);
comment on view monitor.fleet is 'All stores together: how many are blind, and whether the jobs run that look after them';

create view monitor.vacuum as
  select format('%s.%s', n.nspname, c.relname) as relation, greatest(c.reltuples, 0)::bigint as rows,
         pg_stat_get_dead_tuples(c.oid) as dead_rows,
         round(100.0 * pg_stat_get_dead_tuples(c.oid) / greatest(pg_stat_get_live_tuples(c.oid) + pg_stat_get_dead_tuples(c.oid), 1), 1) as dead_percent,
         greatest(pg_stat_get_last_autovacuum_time(c.oid), pg_stat_get_last_vacuum_time(c.oid)) as vacuumed_at,
         greatest(pg_stat_get_last_autoanalyze_time(c.oid), pg_stat_get_last_analyze_time(c.oid)) as analyzed_at,
         age(c.relfrozenxid) as xid_age, mxid_age(c.relminmxid) as mxid_age
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
   where c.relkind in ('r', 'm');
comment on view monitor.vacuum is 'Per table: dead rows, when it was last vacuumed and analyzed, age of its oldest transaction';

create view monitor.wraparound as
  select d.datname::text as database, age(d.datfrozenxid) as xid_age, mxid_age(d.datminmxid) as mxid_age,
         round(100.0 * greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) / 2147483647, 1) as percent
    from pg_database d where d.datallowconn;
comment on view monitor.wraparound is 'Per database of the server: how much of the 2^31 transactions is used up after which it stops taking writes';

create view monitor.connections as
  select current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer as most,
         count(*) as used, count(*) filter (where a.state = 'active') as active, count(*) filter (where a.state = 'idle') as idle,
         count(*) filter (where a.state like 'idle in transaction%') as idle_in_transaction,
         count(*) filter (where a.wait_event_type = 'Lock') as waiting_for_locks,
         coalesce(extract(epoch from now() - min(a.xact_start)), 0)::bigint as oldest_transaction_seconds,
         coalesce(extract(epoch from now() - min(a.state_change) filter (where a.state like 'idle in transaction%')), 0)::bigint as longest_idle_in_transaction_seconds
    from pg_stat_activity a where a.backend_type = 'client backend';
comment on view monitor.connections is 'Connections of clients to the whole server, and its oldest transaction, which keeps vacuum from what is younger';

create view monitor.replication as
  select 'standby' as kind, coalesce(nullif(r.application_name, ''), host(r.client_addr), 'unnamed') as name, r.state,
         greatest(pg_wal_lsn_diff(w.here, r.replay_lsn), 0)::bigint as lag_bytes, coalesce(extract(epoch from r.replay_lag), 0)::numeric as lag_seconds
    from pg_stat_replication r cross join (select case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end as here) as w
   where r.state <> 'backup'
  union all
  select 'slot', s.slot_name::text, concat_ws(', ', case when s.active then 'in use' else 'unused' end, s.wal_status),
         greatest(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end, s.restart_lsn), 0)::bigint, null
    from pg_replication_slots s
  union all
  -- A primary at rest sends nothing to replay: behind is who has received what is not replayed yet.
  select 'this replica', coalesce(nullif(current_setting('cluster_name'), ''), 'this server'), 'replays',
         greatest(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)::bigint,
         case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 else extract(epoch from now() - pg_last_xact_replay_timestamp()) end
   where pg_is_in_recovery();
comment on view monitor.replication is 'Standbys and how far they are behind, slots and the log they hold back; asked on a replica, the replica itself';

create function monitor.read_archive_folder(out segments_waiting bigint, out backup_at timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  segments_waiting := (select count(*) from pg_ls_archive_statusdir() where name like '%.ready');
  -- What pg_backup_stop leaves of the last backup until the next one, where the log is archived; pg_basebackup and pgBackRest call it.
  backup_at := (select max(modification) from pg_ls_waldir() where name like '%.backup');
exception when insufficient_privilege then
  null;
end $$;
comment on function monitor.read_archive_folder() is 'Segments of the log that wait to be archived, and when the last physical backup of this server ended; null where this role may not look (pg_monitor), or the log is not archived';

create view monitor.archiving as
  select current_setting('archive_mode') <> 'off' as enabled, a.archived_count as archived, a.failed_count as failed, a.last_archived_time as archived_at,
         a.last_failed_time as failed_at, coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false) as failing,
         f.segments_waiting, f.backup_at, extract(epoch from now() - f.backup_at)::bigint as backup_seconds
    from pg_stat_archiver a cross join monitor.read_archive_folder() as f;
comment on view monitor.archiving is 'Whether the log leaves for the archive, and when the last physical backup ended (null: none known, or not visible to this role)';

-- Estimates from what analyze last saw, without reading the tables. The same reckoning as lintel-hq audit indexes.
create function monitor.estimate_bloat() returns table (relation_id oid, relation text, kind text, bytes bigint, needed_bytes bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  with wide as (
    select c.oid as table_id, sum(a.avg_width * (1 - a.null_frac)) as width
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_stats a on a.schemaname = n.nspname and a.tablename = c.relname
     where n.nspname in ('data', 'private', 'partitions') group by c.oid
  ), indexed as (
    select i.indexrelid, sum(coalesce(s.avg_width * (1 - s.null_frac), 8)) as width
      from pg_index i
      join pg_class t on t.oid = i.indrelid
      join pg_namespace n on n.oid = t.relnamespace and n.nspname in ('data', 'private', 'partitions')
     cross join unnest(string_to_array(i.indkey::text, ' ')::smallint[]) as k (attnum)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
      left join pg_stats s on s.schemaname = n.nspname and s.tablename = t.relname and s.attname = a.attname
     where i.indexprs is null and i.indisvalid
     group by i.indexrelid
  )
  -- A row has 28 bytes beside its columns, an entry of a B-tree 12, both aligned to 8; a page has 8,168 and 8,152 for them.
  select c.oid, format('%s.%s', n.nspname, c.relname), 'table', pg_relation_size(c.oid),
         (ceil(greatest(c.reltuples, 0) * (28 + 8 * ceil(w.width / 8)) / (8168 * o.fillfactor / 100)) * 8192)::bigint
    from wide w join pg_class c on c.oid = w.table_id and c.relkind in ('r', 'm') and c.reltuples >= 0
    join pg_namespace n on n.oid = c.relnamespace
   cross join lateral (select coalesce((select p.option_value::numeric from pg_options_to_table(c.reloptions) p where p.option_name = 'fillfactor'), 100) as fillfactor) as o
  union all
  select c.oid, format('%s.%s', n.nspname, c.relname), 'index', pg_relation_size(c.oid),
         ((ceil(greatest(c.reltuples, 0) * (12 + 8 * ceil(x.width / 8)) / (8152 * o.fillfactor / 100)) + 2) * 8192)::bigint
    from indexed x join pg_class c on c.oid = x.indexrelid and c.relkind = 'i' and c.reltuples >= 0
    join pg_am m on m.oid = c.relam and m.amname = 'btree'
    join pg_namespace n on n.oid = c.relnamespace
   cross join lateral (select coalesce((select p.option_value::numeric from pg_options_to_table(c.reloptions) p where p.option_name = 'fillfactor'), 90) as fillfactor) as o;
end;
comment on function monitor.estimate_bloat() is 'What tables and B-trees take and what their rows would need, estimated from statistics';

create view monitor.bloat as
  select b.relation, b.kind, b.bytes, greatest(b.bytes - b.needed_bytes, 0) as wasted_bytes,
         round(100.0 * greatest(b.bytes - b.needed_bytes, 0) / b.bytes, 1) as wasted_percent, 'estimated from statistics' as method, b.relation_id
    from monitor.estimate_bloat() as b where b.bytes > 0;
comment on view monitor.bloat is 'Room in tables and B-trees that no row needs, estimated; what is never analyzed is not in it. Freed room is used again by new rows.';

create function monitor.measure_bloat(relation_id oid) returns table (bytes bigint, wasted_bytes bigint, wasted_percent numeric, method text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  home text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pgstattuple');
begin
  if home is null then
    raise feature_not_supported using message = 'pgstattuple is not installed in this database', hint = 'As a superuser: create extension pgstattuple;';
  elsif (select c.relkind from pg_class c where c.oid = relation_id) = 'i' then
    return query execute format(
      'select index_size, (leaf_pages * 8192 * greatest(90 - coalesce(nullif(avg_leaf_density, ''NaN''), 90), 0) / 100)::bigint + (empty_pages + deleted_pages) * 8192, '
      'round(greatest(90 - coalesce(nullif(avg_leaf_density, ''NaN''), 90), 0)::numeric, 1), ''measured, all of it'' from %I.pgstatindex($1::regclass)', home) using relation_id;
  else
    return query execute format(
      'select table_len, (approx_free_space + dead_tuple_len)::bigint, round((approx_free_percent + dead_tuple_percent)::numeric, 1), '
      '''measured where the visibility map does not tell'' from %I.pgstattuple_approx($1::regclass)', home) using relation_id;
  end if;
end $$;
comment on function monitor.measure_bloat(oid) is 'The same of one relation, measured by pgstattuple; reads the index, and of a table what vacuum has not seen';

create function monitor.read_statements() returns table (role text, of_clients boolean, calls bigint, mean_ms numeric, max_ms numeric, total_s numeric,
                                                         rows_per_call numeric, cache_percent numeric, statement_id bigint, statement text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  home text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements');
begin
  if home is null then
    return;
  end if;
  -- Statements with parameters only: those that set passwords stay as they were written, and are nobody's business.
  return query execute format($q$
    select r.rolname::text, coalesce(r.rolname in ('authenticated', 'lintel_hq', 'lintel_gateway', 'anon'), false), s.calls,
           round(s.mean_exec_time::numeric, 1), round(s.max_exec_time::numeric, 1), round(s.total_exec_time::numeric / 1000, 1),
           round(s.rows::numeric / greatest(s.calls, 1), 1),
           round(100.0 * s.shared_blks_hit / greatest(s.shared_blks_hit + s.shared_blks_read, 1), 1), s.queryid,
           left(regexp_replace(s.query, '^(\s|--[^\n]*\n|/\*.*?\*/)*', ''), 2000)
      from %I.pg_stat_statements s left join pg_roles r on r.oid = s.userid
     where s.dbid = (select d.oid from pg_database d where d.datname = current_database())
       and s.query ~* '^(\s|--[^\n]*\n|/\*.*?\*/)*(select|insert|update|delete|merge|with|call|refresh)\M'$q$, home);
exception when object_not_in_prerequisite_state then
  return;  -- the extension is there, the library was not loaded
end $$;
comment on function monitor.read_statements() is 'pg_stat_statements without what sets passwords; no rows where it is not installed or not loaded';

create view monitor.slow_queries as
  select s.role, s.of_clients, s.calls, s.mean_ms, s.max_ms, s.total_s, s.rows_per_call, s.cache_percent, s.statement_id, s.statement
    from monitor.read_statements() as s order by s.mean_ms desc;
comment on view monitor.slow_queries is 'Statements by how long they take, since pg_stat_statements was last reset; of_clients: of people and gateways, not of jobs and DBAs';

-- Nothing of it is for anybody else; functions are everybody's by PostgreSQL's default.
revoke all on all functions in schema monitor from public;
grant execute on all functions in schema monitor to lintel_monitor;
revoke all on all tables in schema monitor from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on all tables in schema monitor to lintel_monitor;

notify pgrst, 'reload schema';
commit;
