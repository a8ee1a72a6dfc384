-- What statements were seen: those of pg_stat_statements, wherever it is installed, or none and a note.
do $$
declare
  its_schema text := (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements');
begin
  if its_schema is not null and current_setting('shared_preload_libraries') ~ 'pg_stat_statements' then
    execute format('create or replace temporary view seen_statements as select s.query, s.calls, s.rows, s.mean_exec_time as mean_ms '
                   'from %s.pg_stat_statements s where s.dbid = (select d.oid from pg_database d where d.datname = current_database())', its_schema);
  else
    create or replace temporary view seen_statements as select null::text as query, 0::bigint as calls, 0::bigint as rows, 0::double precision as mean_ms where false;
  end if;
end $$;
select 'statements are not looked at, since pg_stat_statements is not there: shared_preload_libraries = ''pg_stat_statements'', restart, create extension pg_stat_statements' as note
 where not exists (select from pg_extension where extname = 'pg_stat_statements') or current_setting('shared_preload_libraries') !~ 'pg_stat_statements'
