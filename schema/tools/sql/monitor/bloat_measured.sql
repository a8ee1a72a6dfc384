-- The same relations, measured.
select b.relation, b.kind, m.bytes, m.wasted_bytes, m.wasted_percent, m.method
  from (select * from monitor.bloat order by wasted_bytes desc, relation limit $1::bigint) as b
 cross join lateral monitor.measure_bloat(b.relation_id) as m
 order by m.wasted_bytes desc, b.relation
