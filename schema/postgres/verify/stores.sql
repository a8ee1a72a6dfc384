-- Verify lintel:stores on pg

begin;

select id, organization_id, node_id, public_id, name, timezone, day_start_minute, calendar, lifecycle, config_version,
       metadata, settings, created_at, updated_at, deleted_at
  from data.stores where false;

rollback;
