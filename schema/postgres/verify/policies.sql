-- Verify lintel:policies on pg

begin;

do $$
begin
  assert not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                      where n.nspname in ('data', 'partitions', 'private') and c.relkind in ('r', 'p')
                        and not c.relrowsecurity and c.relname <> 'settings'), 'a table is without row-level security';
  assert (select count(*) = 11 from pg_policies where schemaname = 'data'), 'a policy is missing';
  assert not has_table_privilege('authenticated', 'data.audit_log', 'select'), 'users read the audit log';
end $$;

rollback;
