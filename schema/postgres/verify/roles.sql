-- Verify lintel:roles on pg

begin;

do $$
begin
  assert (select count(*) = 6 from pg_roles
           where rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_owner', 'lintel_monitor')), 'a role is missing';
  assert not (select bool_or(rolsuper or rolbypassrls or rolcanlogin) from pg_roles
               where rolname in ('lintel_gateway', 'lintel_hq', 'lintel_owner', 'lintel_monitor')), 'a role of ours has too much power';
end $$;

rollback;
