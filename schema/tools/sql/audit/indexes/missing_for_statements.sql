-- Statements that were seen, and columns they narrow by where no index begins: of tables that are read from
-- beginning to end.
with wide as (
  select coalesce(i.inhparent, s.relid) as relid, sum(s.seq_scan) as scans, max(s.seq_tup_read / s.seq_scan) as rows, sum(s.n_live_tup) as live
    from pg_stat_user_tables s
    left join pg_inherits i on i.inhrelid = s.relid
   where s.schemaname in ('data', 'private', 'partitions') and s.seq_scan > 0
   group by coalesce(i.inhparent, s.relid)
  having max(s.seq_tup_read / s.seq_scan) >= current_setting('lintel.min_rows')::bigint
), asked as (
  select w.*, a.attname, q.query, q.calls, q.mean_ms, row_number() over (partition by w.relid, a.attname order by q.calls * q.mean_ms desc) as rank
    from wide w
    join pg_class c on c.oid = w.relid
    join seen_statements q on q.query ~* format('\m%s\M', c.relname) and q.query !~* '^\s*(create|alter|copy|vacuum|analyze|refresh|explain|comment|do)\M'
    join pg_attribute a on a.attrelid = w.relid and a.attnum > 0 and not a.attisdropped
     and q.query ~* format('(where|and|or|on)\s+\(?(\w+\.)?%s\s*(=|<|>|in\M|between\M|like\M)', a.attname)
   where not exists (select from pg_index i where i.indrelid = w.relid and i.indisvalid and i.indkey[0] = a.attnum)
     and not exists (select from pg_index i where i.indrelid = w.relid and i.indisvalid and i.indpred is null and q.query ~* format('(where|and)\s+\(?(\w+\.)?%s\s*=',
                       (select b.attname from pg_attribute b where b.attrelid = w.relid and b.attnum = i.indkey[0])))
)
select format('%s.%s', relid::regclass, attname) as object,
       format('%s calls, %s ms each: %s. The table was read from beginning to end %s times, %s rows each.', calls, round(mean_ms::numeric, 1),
              left(regexp_replace(query, '\s+', ' ', 'g'), 300), scans, rows) as evidence,
       pg_total_relation_size(relid) as bytes,
       format('Look at its plan with explain (analyze, buffers). If the column narrows well: create index concurrently on %s (%I);', relid::regclass, attname) as advice
  from asked where rank = 1
 order by calls * mean_ms desc, 1
