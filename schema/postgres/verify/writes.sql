-- Verify lintel:writes on pg

begin;

do $$
begin
  assert has_column_privilege('authenticated', 'data.stores', 'name', 'update'), 'people cannot rename a store';
  assert not has_column_privilege('authenticated', 'data.stores', 'organization_id', 'insert, update'),
    'people can choose a tenant';
  assert not exists (select from pg_class c
                      where c.relnamespace = 'data'::regnamespace and c.relkind in ('r', 'p')
                        and has_any_column_privilege('authenticated', c.oid, 'update')
                        and not exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd = 'w')),
    'a table that may be updated has no policy for it';
end $$;

rollback;
