-- Revert lintel:roles from pg
-- Drops what the deploy made. Roles that were there before stay, and any that another database uses.

begin;

do $$
declare
  ours name;
begin
  for ours in select rolname from pg_roles where shobj_description(oid, 'pg_authid') like 'Lintel: %' loop
    begin
      execute format('drop role %I', ours);
    exception when dependent_objects_still_exist then
      raise notice 'role % is used elsewhere in this cluster and stays', ours;
    end;
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
