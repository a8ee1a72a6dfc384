select c.check_name as "check", c.state, c.value, c.unit, c.warning, c.critical, c.says, c.advice
  from monitor.checks c
 order by array_position('{critical,warning,ok,unknown}'::text[], c.state), c.check_name
