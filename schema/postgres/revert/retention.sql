-- Revert lintel:retention from pg

begin;

drop function private.expired_partitions();
drop function private.forget_records(integer);
drop function private.apply_retention(integer);
drop function private.delete_from(text, text, integer[], bigint);
drop function private.kept_from(bigint);
drop trigger organizations_retention on data.organizations;
drop function private.check_retention();
delete from private.settings where key in ('audit_retention_months', 'alerts_retention_days', 'rule_failures_retention_days', 'enrolments_retention_days');

notify pgrst, 'reload schema';
commit;
