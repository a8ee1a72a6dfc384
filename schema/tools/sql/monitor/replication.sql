select r.kind, r.name, r.state, r.lag_bytes, round(r.lag_seconds, 3) as lag_seconds from monitor.replication r order by r.kind, r.name
