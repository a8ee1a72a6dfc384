-- Verify lintel:alert_lifecycle on pg

begin;

select store_id, rule, failures, first_at, last_at, sqlstate, message from private.rule_failures where false;
do $$
begin
  assert private.severity_rank('info') < private.severity_rank('critical'), 'severities are in disorder';
  assert private.end_alerts('{}', 'ended') = 0, 'alerts end by themselves';
end $$;

rollback;
