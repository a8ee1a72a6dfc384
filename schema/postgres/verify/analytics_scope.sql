-- Verify lintel:analytics_scope on pg

begin;

do $$
begin
  assert private.closed_days('{}', array['2026-11-21'::date]) = array['2026-11-21'::date], 'no stores at all are closed';
  perform private.node_scope('0');
  assert false, 'a node nobody has is found';
exception when sqlstate 'PT404' then null;
end $$;

rollback;
