-- Verify lintel:audit_log on pg

begin;

select id, organization_id, store_id, at, actor, action, table_name, row_id, old_values, new_values, request_id
  from data.audit_log where false;
do $$
begin
  assert (select count(*) = 6 from pg_trigger t join pg_class c on c.oid = t.tgrelid
           where t.tgfoid = 'private.audit_row()'::regprocedure and t.tgparentid = 0
             and c.relnamespace = 'data'::regnamespace), 'a configuration table is not audited';
end $$;

rollback;
