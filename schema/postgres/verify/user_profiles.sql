-- Verify lintel:user_profiles on pg

begin;

select id, organization_id, role, display_name, timezone_preference, email_notifications, node_ids, store_ids,
       lifecycle, metadata, settings, created_at, updated_at, deleted_at
  from data.user_profiles where false;

rollback;
