-- Verify lintel:alert_rules on pg

begin;

do $$
begin
  assert (select count(*) = 35 from private.alert_rule_grammar()), 'a rule is missing';
  assert private.alert_rules_complaint(private.alert_rule_defaults()) is null, 'the defaults break the grammar';
  assert private.alert_rules_complaint('{"x": {}}') is not null, 'an unknown rule is taken';
  assert private.is_open('{"monday": [["09:00", "20:00"]]}', 'UTC', '2026-11-23 10:00Z')
     and not private.is_open('{"monday": [["09:00", "20:00"]]}', 'UTC', '2026-11-24 10:00Z'), 'opening hours are misread';
end $$;

rollback;
