-- Revert lintel:alert_rules from pg

begin;

drop function private.open_since(jsonb, text, timestamptz, interval);
drop function private.is_open(jsonb, text, timestamptz);
drop function private.node_rule(extensions.ltree, text);
drop function private.rules_of(data.stores);
drop function private.inherited(data.stores, text);
drop trigger stores_alert_rules on data.stores;
drop trigger organizations_alert_rules on data.organizations;
drop function private.check_alert_rules();
drop function private.alert_rules_complaint(jsonb);
drop function private.alert_rule_defaults();
drop function private.alert_rule_grammar();

notify pgrst, 'reload schema';
commit;
