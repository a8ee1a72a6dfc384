-- Verify lintel:gateways on pg

begin;

select id, organization_id, store_id, public_id, name, version, version_since, lifecycle, status, last_seen_at, offline_since,
       health, metadata, settings, created_at, updated_at, deleted_at
  from data.gateways where false;

rollback;
