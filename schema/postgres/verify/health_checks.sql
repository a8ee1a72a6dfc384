-- Verify lintel:health_checks on pg

begin;

select check_name, state, value, unit, warning, critical, says, advice from monitor.checks where false;
do $$
begin
  assert not exists (select from monitor.checks where state not in ('ok', 'warning', 'critical', 'unknown') or says is null or advice is null),
    'a check says nothing';
  assert has_table_privilege('lintel_monitor', 'monitor.checks', 'select'), 'who watches does not see it';
end $$;

rollback;
