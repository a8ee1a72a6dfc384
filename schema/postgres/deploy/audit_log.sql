-- Deploy lintel:audit_log to pg
-- requires: user_references

begin;
set local role lintel_owner;

-- No foreign keys: what is recorded here outlives what it is about.
create table data.audit_log (
  id              bigint generated always as identity,
  organization_id bigint not null,
  store_id        integer,
  at              timestamptz not null default clock_timestamp(),
  actor           text not null,
  action          text not null check (action in ('insert', 'update', 'delete')),
  table_name      text not null,
  row_id          text not null,
  old_values      jsonb,
  new_values      jsonb,
  request_id      text,
  primary key (at, id)
) partition by range (at);
create index audit_log_organization on data.audit_log (organization_id, at);
comment on index data.audit_log_organization is 'What was changed in my organization, newest first (api.audit)';

comment on table data.audit_log is 'Who changed which configuration, append-only. Liveness and readings leave no trace here. Partitioned by at.';
comment on column data.audit_log.id is 'Number of the entry';
comment on column data.audit_log.organization_id is 'The tenant';
comment on column data.audit_log.store_id is 'The store, if the row belongs to one';
comment on column data.audit_log.at is 'When';
comment on column data.audit_log.actor is 'Role and subject of the token (lintel_gateway: a gateway, authenticated: a person), or the database role that was logged in';
comment on column data.audit_log.action is 'insert, update or delete';
comment on column data.audit_log.table_name is 'Which table';
comment on column data.audit_log.row_id is 'Which row: its public id, else its key';
comment on column data.audit_log.old_values is 'Configuration columns before, of an update only those that changed';
comment on column data.audit_log.new_values is 'Configuration columns after, of an update only those that changed';
comment on column data.audit_log.request_id is 'Header X-Request-Id of the request, if there was one';

alter table data.audit_log enable row level security;

create function private.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- The one way past: private.erase_user, private.erase_store and private.erase_organization, which run as the owner and set
  -- the marker while they delete. Set by anybody else it means nothing.
  if tg_op <> 'TRUNCATE' and current_user = 'lintel_owner' and current_setting('lintel.erasing', true) = 'on' then
    if tg_op = 'DELETE' then
      return old;
    end if;
    return new;
  end if;
  raise insufficient_privilege using message = format('%s is append-only', tg_table_name),
    hint = 'Old entries leave with their partition, after it was archived; a person''s, a store''s or a tenant''s by private.erase_user, private.erase_store and private.erase_organization.';
end $$;
comment on function private.refuse_change() is 'Trigger: keeps a table append-only, also for its owner, but for an erasure';

create trigger audit_log_append_only before update or delete on data.audit_log
  for each row execute function private.refuse_change();
create trigger audit_log_no_truncate before truncate on data.audit_log
  for each statement execute function private.refuse_change();

create function private.audit_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) else '{}' end;
  after  jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) else '{}' end;
  whole  jsonb := case when tg_op = 'DELETE' then before else after end;
  old_values jsonb;
  new_values jsonb;
begin
  select jsonb_object_agg(c, before -> c) filter (where before ? c),
         jsonb_object_agg(c, after -> c) filter (where after ? c)
    into old_values, new_values
    from unnest(tg_argv) as c
   where before -> c is distinct from after -> c;
  if tg_op = 'UPDATE' and new_values is null then
    return null;
  end if;
  insert into data.audit_log
    (organization_id, store_id, actor, action, table_name, row_id, old_values, new_values, request_id)
  values
    ((whole ->> 'organization_id')::bigint,
     (whole ->> case when tg_table_name = 'stores' then 'id' else 'store_id' end)::integer,
     private.actor(), lower(tg_op), tg_table_name,
     coalesce(whole ->> 'public_id', whole ->> 'id'), old_values, new_values, private.request_id());
  return null;
end $$;
comment on function private.audit_row() is 'Trigger: records a change of the configuration columns named as its arguments';
revoke all on function private.refuse_change(), private.audit_row() from public, anon, authenticated, lintel_gateway, lintel_hq;

-- Each table's configuration columns: what fires the trigger is also what it records.
do $$
declare
  audited record;
begin
  for audited in
    select * from (values
      ('organizations', array['parent_id', 'public_id', 'name', 'level', 'lifecycle', 'metadata', 'settings', 'assigned_to', 'owner_id', 'deleted_at']),
      ('stores', array['node_id', 'public_id', 'name', 'timezone', 'day_start_minute', 'calendar', 'lifecycle', 'metadata', 'settings', 'assigned_to', 'owner_id', 'deleted_at']),
      ('gateways', array['store_id', 'public_id', 'name', 'lifecycle', 'metadata', 'settings', 'assigned_to', 'owner_id', 'deleted_at']),
      ('sensor_metadata', array['store_id', 'gateway_id', 'public_id', 'serial', 'name', 'model', 'link', 'lifecycle', 'metadata', 'settings', 'assigned_to', 'owner_id', 'deleted_at']),
      ('region_configurations', array['store_id', 'sensor_id', 'public_id', 'region', 'name', 'capacity', 'lifecycle', 'metadata', 'settings', 'assigned_to', 'owner_id', 'deleted_at']),
      ('user_profiles', array['organization_id', 'role', 'display_name', 'timezone_preference', 'email_notifications', 'node_ids', 'store_ids', 'lifecycle', 'metadata', 'settings', 'deleted_at'])
    ) as t (name, columns)
  loop
    execute format(
      'create trigger %1$I after insert or delete or update of %2$s on data.%3$I for each row execute function private.audit_row(%4$s)',
      audited.name || '_audit',
      (select string_agg(quote_ident(c), ', ') from unnest(audited.columns) as c),
      audited.name,
      (select string_agg(quote_literal(c), ', ') from unnest(audited.columns) as c));
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
