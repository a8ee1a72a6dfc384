-- Revert lintel:schemas from pg
-- Extensions and their schema stay if they were there before, or if others have come to use them.

begin;

drop schema partitions;
drop schema private;
drop schema api;
drop schema data;
alter default privileges for role lintel_owner grant execute on functions to public;
revoke usage on schema extensions from lintel_owner, lintel_hq;

do $$
declare
  ours text;
begin
  for ours in
    select format('extension %I', extname) from pg_extension where obj_description(oid, 'pg_extension') like 'Lintel: %'
    union
    select 'schema extensions' where obj_description(to_regnamespace('extensions'), 'pg_namespace') like 'Lintel: %'
    order by 1  -- the schema last
  loop
    begin
      execute 'drop ' || ours;
    exception when dependent_objects_still_exist then
      raise notice '% is used by others and stays', ours;
    end;
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
