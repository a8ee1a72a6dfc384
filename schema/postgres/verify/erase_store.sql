-- Verify lintel:erase_store on pg

begin;

do $$
begin
  -- What no store's rows are in: the tree, people, the tenant's keys and archives, who was denied what.
  assert (select array_agg(distinct t.counted_as order by t.counted_as) = array['archive_keys', 'archives', 'denials', 'organizations', 'user_profiles']
            from private.tenant_tables t where t.store_condition is null), 'a table with rows of stores would be left out';
  assert (select max(t.rank) = min(t.rank) filter (where t.counted_as = 'audit_log') from private.tenant_tables t where t.store_condition is not null), 'the audit log is not the last';
  perform private.replay_erasures('[]');
end $$;

rollback;
