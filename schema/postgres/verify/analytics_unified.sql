-- Verify lintel:analytics_unified on pg

begin;

do $$
begin
  perform api.analytics_unified('node', '0', current_date, current_date);
  assert false, 'a node nobody has is found';
exception when sqlstate 'PT404' then null;
end $$;

rollback;
