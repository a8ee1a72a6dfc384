-- Revert lintel:alert_lifecycle from pg

begin;

drop function private.escalate_alerts(integer);
drop function private.apply_findings(data.stores, bigint, text, jsonb, boolean, private.finding[]);
drop function private.end_alerts(bigint[], text);
drop function private.severity_rank(text);
drop type private.finding;
drop function private.note_rule_failure(integer, text, text, text);
drop table private.rule_failures;

notify pgrst, 'reload schema';
commit;
