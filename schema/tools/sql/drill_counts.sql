-- How many rows each business table has, and how many changes are deployed.
select c.relname::text as "table", (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', c.oid::regclass), false, true, '')))[1]::text::bigint as rows
  from pg_class c where c.relnamespace = 'data'::regnamespace and c.relkind in ('r', 'p')
union all
select 'sqitch.changes', count(*) from sqitch.changes
 order by 1
