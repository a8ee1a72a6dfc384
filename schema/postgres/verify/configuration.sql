-- Verify lintel:configuration on pg

begin;

do $$
begin
  assert (select count(*) = 6 from information_schema.views v
           where v.table_schema = 'api' and v.table_name in ('organizations', 'stores', 'gateways', 'sensors',
             'region_configurations', 'user_profiles')
             and pg_relation_is_updatable(format('api.%I', v.table_name)::regclass, false) & 4 = 4),
    'a view of the configuration cannot be updated';
end $$;
select * from api.audit where false;

rollback;
