-- Revert lintel:policies from pg

begin;

do $$
declare
  doomed record;
begin
  for doomed in
    select p.policyname, p.tablename from pg_policies p
     where p.schemaname = 'data' and p.policyname in ('hq', 'my_nodes', 'my_stores', 'my_tenant', 'myself')
  loop
    execute format('drop policy %I on data.%I', doomed.policyname, doomed.tablename);
    execute format('revoke select on data.%I from authenticated, lintel_hq', doomed.tablename);
  end loop;
end $$;
drop function private.my_whole_tenant();
drop function private.my_user_id();
drop function private.my_store_ids();
drop function private.my_node_ids();
drop function private.stores_of(data.user_profiles);
drop function private.nodes_of(data.user_profiles);
drop function private.deleted_paths(bigint);
drop function private.sees_whole_tenant(data.user_profiles);
drop function private.my_profile();

notify pgrst, 'reload schema';
commit;
