-- The same once more with the partitions of another year: what ensure_partitions() makes is closed like the rest.
\set ahead '1 year'
\ir 30_grants.sql
