-- Verify lintel:analytics_views on pg

begin;

do $$
begin
  assert (select count(*) = 5 and bool_and(c.relispopulated) from pg_class c
           where c.relnamespace = 'private'::regnamespace and c.relkind = 'm'), 'a materialized view is missing or empty of itself';
  assert not exists (select from pg_class c, unnest(array['anon', 'authenticated', 'lintel_gateway', 'lintel_hq']) as r
                      where c.relnamespace = 'private'::regnamespace and c.relkind = 'm'
                        and has_table_privilege(r, c.oid, 'select')), 'somebody reads a materialized view past its filter';
end $$;

rollback;
