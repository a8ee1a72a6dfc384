-- Compares what is deployed here with what a gateway's SQLite file holds (gateway.sql). The view unexplained has a row
-- for every difference nobody explained (explained.sql, which comes after this), and for every explanation that no
-- longer applies. No row: the two agree.
--
-- Compared: tables of schema data and the view latest_sensor_data; their columns, types, whether these may be
-- null, and checks of one column against numbers. Not compared: keys and references (ids are local there, so
-- keys are made of other columns), defaults, and lists of words (enums, severity, role): a gateway must take
-- a word that a newer HQ sends.

create temporary table compatible (postgres text, sqlite text);
insert into compatible values
  ('smallint', 'INTEGER'), ('integer', 'INTEGER'), ('bigint', 'INTEGER'), ('boolean', 'INTEGER'),
  ('timestamp with time zone', 'INTEGER'),     -- milliseconds since 1970 UTC
  ('timestamp(3) with time zone', 'INTEGER'),
  ('date', 'INTEGER'),                         -- days since 1970-01-01
  ('text', 'TEXT'), ('uuid', 'TEXT'),
  ('jsonb', 'TEXT'), ('integer[]', 'TEXT'), ('bigint[]', 'TEXT'),  -- JSON
  ('data.lifecycle', 'TEXT'), ('data.health_status', 'TEXT'), ('data.alert_state', 'TEXT'),
  ('bytea', 'BLOB');

-- aspect: postgres_only, sqlite_only (column '' is the whole table), type, null, check; table * is any
create temporary table explained (table_name text, column_name text, aspect text, reason text,
                                  primary key (table_name, column_name, aspect));

create temporary view postgres_columns as
  select c.relname::text as table_name, a.attname::text as column_name,
         case when c.relkind <> 'v' then format_type(a.atttypid, a.atttypmod) end as type,
         case when c.relkind <> 'v' then a.attnotnull end as required,
         (select string_agg(replace(regexp_replace(pg_get_expr(k.conbin, k.conrelid), '[()]|::\w+', '', 'g'), 'AND', 'and'),
                            ' and ' order by k.conname)
            from pg_constraint k
           where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
             and regexp_replace(pg_get_expr(k.conbin, k.conrelid), '[()]|::\w+', '', 'g')
                 ~ format('^(%1$s [<>]=? -?\d+( AND )?)+$', a.attname)) as range
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where n.nspname = 'data' and c.relkind in ('r', 'p')
      or n.nspname = 'api' and c.relname = 'latest_sensor_data';

create temporary view gateway_columns as
  select s.table_name, s.column_name,
         case when t.kind = 'table' then s.type end as type,
         case when t.kind = 'table' then s.required or s.in_key or s.generated end as required,
         (select regexp_replace(m[1], '^(\w+) between (-?\d+) and (-?\d+)$', '\1 >= \2 and \1 <= \3')
            from regexp_match(t.sql, format('^\s*%s [^\n]*check \(([^()]*)\)', s.column_name), 'n') as m) as range
    from sqlite_columns s join sqlite_tables t using (table_name);

create temporary view differences (table_name, column_name, aspect, what) as
  select table_name, '', 'postgres_only', 'is a table of PostgreSQL only'
    from (select table_name from postgres_columns except select table_name from gateway_columns) as t
  union all
  select table_name, '', 'sqlite_only', 'is a table of SQLite only'
    from (select table_name from gateway_columns except select table_name from postgres_columns) as t
  union all
  select p.table_name, p.column_name, 'postgres_only', 'is a column of PostgreSQL only'
    from postgres_columns p left join gateway_columns g using (table_name, column_name)
   where g.column_name is null and exists (select from gateway_columns t where t.table_name = p.table_name)
  union all
  select g.table_name, g.column_name, 'sqlite_only', 'is a column of SQLite only'
    from gateway_columns g left join postgres_columns p using (table_name, column_name)
   where p.column_name is null and exists (select from postgres_columns t where t.table_name = g.table_name)
  union all
  select table_name, column_name, 'type', format('is %s in PostgreSQL, %s in SQLite', p.type, g.type)
    from postgres_columns p join gateway_columns g using (table_name, column_name)
   where p.type is not null and not exists (select from compatible c where c.postgres = p.type and c.sqlite = g.type)
  union all
  select table_name, column_name, 'null',
         format('%s be null in PostgreSQL, but %s in SQLite',
                case when p.required then 'cannot' else 'can' end, case when g.required then 'cannot' else 'can' end)
    from postgres_columns p join gateway_columns g using (table_name, column_name)
   where p.required <> g.required
  union all
  select table_name, column_name, 'check',
         format('is checked "%s" in PostgreSQL, "%s" in SQLite', p.range, g.range)
    from postgres_columns p join gateway_columns g using (table_name, column_name)
   where p.range is distinct from g.range;

create temporary view unexplained (object, what) as
  select concat_ws('.', table_name, nullif(column_name, '')), what
    from differences d
   where not exists (select from explained e where e.table_name in (d.table_name, '*')
                        and (e.column_name, e.aspect) = (d.column_name, d.aspect))
  union all
  select concat_ws('.', table_name, nullif(column_name, '')),
         format('is explained (%s), but there is no such difference any more', aspect)
    from explained e
   where not exists (select from differences d where e.table_name in (d.table_name, '*')
                        and (e.column_name, e.aspect) = (d.column_name, d.aspect));
