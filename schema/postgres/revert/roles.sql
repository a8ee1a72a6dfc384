-- Revert lintel:roles from pg
-- anon and authenticated stay: others may use them. A role that another database still uses stays too.

begin;

do $$
declare
  ours text;
begin
  foreach ours in array array['lintel_gateway', 'lintel_hq', 'lintel_owner'] loop
    begin
      execute format('drop role if exists %I', ours);
    exception when dependent_objects_still_exist then
      raise notice 'role % is used elsewhere in this cluster and stays', ours;
    end;
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
