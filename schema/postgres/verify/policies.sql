-- Verify lintel:policies on pg

begin;

do $$
begin
  assert not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                      where n.nspname in ('data', 'partitions', 'private') and c.relkind in ('r', 'p')
                        and not c.relrowsecurity), 'a table is without row-level security';
  assert not exists (select from pg_class c
                      where c.relnamespace = 'data'::regnamespace and c.relkind in ('r', 'p')
                        and 2 > (select count(distinct p.polroles) from pg_policy p
                                  where p.polrelid = c.oid and p.polcmd = 'r')),
    'a table lacks a policy for people or one for HQ';
end $$;

rollback;
