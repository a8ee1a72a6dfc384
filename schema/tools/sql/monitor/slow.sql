-- Statements by what they take on average; of people and gateways, or of all.
select s.role, s.of_clients, s.calls, s.mean_ms, s.max_ms, s.total_s, s.rows_per_call, s.cache_percent, s.statement_id::text as statement_id,
       btrim(regexp_replace(s.statement, '\s+', ' ', 'g')) as statement
  from monitor.slow_queries s
 where $1::boolean or s.of_clients
 order by s.mean_ms desc
 limit $2::bigint
