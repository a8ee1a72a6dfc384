-- What a gateway's SQLite file says of itself; filled by whoever compares.
create temporary table sqlite_columns
  (table_name text, column_name text, type text, required boolean, in_key boolean, generated boolean);
create temporary table sqlite_tables (table_name text, kind text, sql text);
