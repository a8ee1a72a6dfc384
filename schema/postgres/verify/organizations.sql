-- Verify lintel:organizations on pg

begin;

select id, organization_id, parent_id, public_id, name, level, path, lifecycle, metadata, settings,
       created_at, updated_at, deleted_at
  from data.organizations where false;

rollback;
