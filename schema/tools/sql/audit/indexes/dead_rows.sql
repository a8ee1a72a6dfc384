-- Tables more than a fifth of which is dead rows: vacuum does not keep up, or something holds it back.
select s.relid::regclass::text as object,
       format('%s of %s rows are dead; last vacuumed %s. Oldest transaction: %s', s.n_dead_tup, s.n_live_tup + s.n_dead_tup,
              coalesce(to_char(greatest(s.last_vacuum, s.last_autovacuum), 'YYYY-MM-DD HH24:MI'), 'never'),
              coalesce((select format('%s, since %s', a.usename, to_char(a.xact_start, 'YYYY-MM-DD HH24:MI')) from pg_stat_activity a
                         where a.xact_start is not null and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' order by a.xact_start limit 1), 'none')) as evidence,
       pg_table_size(s.relid) as bytes,
       format('End what holds it back, then: vacuum %s;', s.relid::regclass) as advice
  from pg_stat_user_tables s
 where s.schemaname in ('data', 'private', 'partitions') and s.n_dead_tup >= current_setting('lintel.min_rows')::bigint
   and s.n_dead_tup > 0.2 * (s.n_live_tup + s.n_dead_tup)
 order by s.n_dead_tup desc, 1
