-- Verify lintel:views on pg

begin;

select * from api.latest_sensor_data where false;
select * from api.hourly where false;
select * from api.daily where false;
do $$
begin
  assert (select bool_and('security_invoker=true' = any (reloptions)) from pg_class
           where relnamespace = 'api'::regnamespace and relname in ('latest_sensor_data', 'hourly', 'daily')), 'a view does not run as its reader';
end $$;

rollback;
