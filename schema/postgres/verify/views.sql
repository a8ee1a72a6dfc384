-- Verify lintel:views on pg

begin;

select * from api.latest_sensor_data where false;
select * from api.hourly where false;
select * from api.daily where false;
do $$
begin
  assert (select bool_and('security_invoker=true' = any (reloptions)) from pg_class
           where oid in ('api.latest_sensor_data'::regclass, 'api.hourly'::regclass, 'api.daily'::regclass)), 'a view does not run as its reader';
end $$;

rollback;
