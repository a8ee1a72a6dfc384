-- Verify lintel:archives on pg

begin;

select id, partition_name, organization_id, key_id, provider, namespace, bytes, rows, checksum, created_at, last_used_at
  from private.archives where false;
select id, organization_id, secret, created_at from private.archive_keys where false;
do $$
begin
  assert not has_table_privilege('lintel_hq', 'private.archive_keys', 'select'), 'keys can be read past their functions';
end $$;

rollback;
