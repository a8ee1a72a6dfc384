-- Verify lintel:audit_log on pg

begin;

select id, organization_id, store_id, at, actor, action, table_name, row_id, old_values, new_values, request_id
  from data.audit_log where false;
do $$
begin
  assert (select count(*) = 6 from pg_trigger where tgfoid = 'private.audit_row()'::regprocedure
             and tgparentid = 0), 'a configuration table is not audited';
end $$;

rollback;
