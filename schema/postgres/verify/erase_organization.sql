-- Verify lintel:erase_organization on pg

begin;

do $$
begin
  assert (select array_agg(distinct t.counted_as::text) @> array['people_counting_raw', 'alerts', 'audit_log', 'organizations', 'archive_keys', 'epochs']
            from private.tenant_tables t), 'a table would be left out';
  assert (select max(t.rank) = min(t.rank) filter (where t.counted_as = 'audit_log') from private.tenant_tables t), 'the audit log is not the last';
end $$;

rollback;
