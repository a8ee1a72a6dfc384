-- The gateway's SQLite schema and the one deployed here: tables, columns, types, nulls, checks (tools/sql/parity).
select u.object, u.what as evidence, null::bigint as bytes,
       'Bring the two together, or explain the difference in schema/tools/sql/parity/explained.sql.' as advice
  from unexplained u order by 1, 2
