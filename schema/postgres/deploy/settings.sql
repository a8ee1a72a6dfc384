-- Deploy lintel:settings to pg
-- requires: schemas

begin;
set local role lintel_owner;

create table private.settings (
  key         text primary key,
  value       text not null,
  description text not null
);
comment on table private.settings is 'What a DBA may turn. One value per row; change with update.';
comment on column private.settings.key is 'Name of the setting';
comment on column private.settings.value is 'Value as text';
comment on column private.settings.description is 'What it does, and what values it takes';
alter table private.settings enable row level security;

insert into private.settings (key, value, description) values
  ('history', gen_random_uuid()::text, 'Identity of this database''s history. Call private.new_history() after restoring a backup: gateways then resend what the backup lacks.'),
  ('partition_unit', 'month', 'Width of new partitions: month, week or day'),
  ('partitions_ahead_months', '3', 'How far ahead ensure_partitions() creates partitions'),
  ('raw_retention_months', '13', 'How far back readings are accepted and partitions exist'),
  ('retry_rejected', '0', 'Raise it when HQ takes what it rejected before, for a reason that no new version of the schema tells (a longer retention, a sensor handed over): gateways send it once more.'),
  ('pace_ms', '0', 'How long HQ asks gateways to wait before the next request'),
  ('max_sensors_per_store', '1000', 'Sensors that gateways may register in one store');

-- In PL/pgSQL, as everything a sync calls that is not a mere expression: its plans are kept, while an SQL
-- function that cannot be inlined is planned anew at every call.
create function private.setting(key text) returns text
language plpgsql stable as $$
declare
  found_value text;
begin
  select s.value into found_value from private.settings s where s.key = setting.key;
  return found_value;
end $$;
comment on function private.setting(text) is 'Value of a setting, null when there is none';

create function private.new_history() returns uuid
language sql volatile
begin atomic
  update private.settings set value = gen_random_uuid() where key = 'history' returning value::uuid;
end;
comment on function private.new_history() is 'To be called once after a backup was restored: tells every gateway to resend what HQ lost';

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.updated_at := now();
  return new;
end $$;
comment on function private.touch_updated_at() is 'Trigger: keeps updated_at';

notify pgrst, 'reload schema';
commit;
