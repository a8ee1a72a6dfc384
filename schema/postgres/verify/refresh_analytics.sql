-- Verify lintel:refresh_analytics on pg

begin;

select view_name, refreshed_at, took_ms, changes from private.refreshes where false;
do $$
begin
  assert not has_function_privilege('authenticated', 'private.refresh_analytics(boolean)', 'execute'), 'users can refresh the views';
end $$;

rollback;
