-- Where most room is wasted, by estimate.
select b.relation, b.kind, b.bytes, b.wasted_bytes, b.wasted_percent, b.method
  from monitor.bloat b
 order by b.wasted_bytes desc, b.relation
 limit $1::bigint
