-- B-trees that are more than twice as large as their entries would need, by estimate.
with trees as (
  select i.indexrelid, i.indrelid, c.reltuples, pg_relation_size(i.indexrelid) as bytes,
         coalesce((select (o.option_value)::numeric from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 90) as fillfactor,
         (select sum(coalesce(s.avg_width * (1 - s.null_frac), 8)) from unnest(string_to_array(i.indkey::text, ' ')::smallint[]) as k (attnum)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            join pg_class t on t.oid = i.indrelid
            left join pg_stats s on s.schemaname = t.relnamespace::regnamespace::text and s.tablename = t.relname and s.attname = a.attname) as width
    from pg_index i
    join pg_class c on c.oid = i.indexrelid and c.relkind = 'i' and c.relam = (select oid from pg_am where amname = 'btree')
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions')
   where i.indexprs is null and i.indisvalid
), estimated as (
  -- An entry has 12 bytes beside its columns, which are aligned to 8; a page has 8,152 for entries.
  select t.*, ((ceil(greatest(reltuples, 0) * (12 + 8 * ceil(width / 8)) / (8152 * fillfactor / 100)) + 2) * 8192)::bigint as needed
    from trees t where reltuples >= 0
)
select indexrelid::regclass::text as object,
       format('about %s are needed for %s entries', pg_size_pretty(needed), reltuples::bigint) as evidence,
       bytes, format('reindex index concurrently %s;', indexrelid::regclass) as advice
  from estimated
 where bytes > 2 * needed and bytes - needed >= current_setting('lintel.min_bytes')::bigint
 order by bytes - needed desc, 1
