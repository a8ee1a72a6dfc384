-- Deploy lintel:erasure to pg
-- requires: archives
-- requires: audit_log
-- Forgetting a person, a store or a tenant, everywhere. What remains is one row that says that it happened and what it took. The tables
-- are found in the catalog, so one that is added later is not forgotten to be forgotten.

begin;
set local role lintel_owner;

create table private.erasures (
  id              bigint generated always as identity primary key,
  user_hash       bytea unique check (length(user_hash) = 32),
  organization_id bigint,
  store_id        integer,
  public_id       uuid unique,
  requested_by    text not null,
  started_at      timestamptz not null default now(),
  finished_at     timestamptz,
  counts          jsonb not null default '{}' check (jsonb_typeof(counts) = 'object'),
  files           jsonb not null default '[]' check (jsonb_typeof(files) = 'array'),
  constraint erasures_subject check ((user_hash is null) <> (organization_id is null) and (organization_id is null) = (public_id is null)
                                        and (store_id is null or organization_id is not null))
);
comment on table private.erasures is 'One tombstone per person, store or tenant that was forgotten. No personal data: a person is known by a hash only.';
comment on column private.erasures.id is 'Compact key';
comment on column private.erasures.user_hash is 'SHA-256 of the person''s id; whoever has the id can recognize it, nobody can get it back';
comment on column private.erasures.organization_id is 'The tenant''s number; of a store whose it was';
comment on column private.erasures.store_id is 'The store''s number; null for a tenant';
comment on column private.erasures.public_id is 'The store''s or tenant''s id outside this database; a number may be given to another one after a restore';
comment on column private.erasures.requested_by is 'Database role that asked for it';
comment on column private.erasures.started_at is 'When it began';
comment on column private.erasures.finished_at is 'When it was done; null while batches are left';
comment on column private.erasures.counts is 'Rows taken from each table';
comment on column private.erasures.files is
  'Archive files. Of a tenant: noise now that their key is gone, to be removed at their providers. Of a store: those that may still hold its rows; none of them is restored.';
alter table private.erasures enable row level security;

create function private.user_hash(id uuid) returns bytea
language sql immutable
return sha256(convert_to('user:' || id, 'UTF8'));
comment on function private.user_hash(uuid) is 'What a tombstone keeps of a person';

-- Readings and roll-ups know no persons; the rest is searched column by column.
create view private.personal_columns as
  select n.nspname::text as schema_name, c.relname::text as table_name, a.attname::text as column_name,
         t.typname::text as type_name, a.attnotnull as required,
         exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey)) as keyed
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private')
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    join pg_type t on t.oid = a.atttypid
   where c.relkind in ('r', 'p') and t.typname in ('uuid', '_uuid', 'text', 'varchar', 'jsonb')
     and c.relname not in ('people_counting_raw', 'regional_counting_raw', 'hourly_analytics', 'daily_analytics',
                           'moved_keys', 'coverage', 'given_up', 'epochs', 'erasures', 'refreshes', 'settings', 'signing_keys', 'archive_keys',
                           'audit_log')
     and (c.relname, a.attname) <> ('user_profiles', 'id');
comment on view private.personal_columns is 'Columns in which a person''s id could stand, but for those of the audit log and the id of the profile itself';

create function private.forget_user(id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  nobody constant text := '00000000-0000-0000-0000-000000000000';
  place   record;
  taken   bigint;
  counts  jsonb := '{}';
begin
  perform set_config('lintel.erasing', 'on', true);
  for place in select * from private.personal_columns order by schema_name, table_name, column_name loop
    execute case
      when place.type_name = 'uuid' and place.required then format('delete from %I.%I where %I = $1', place.schema_name, place.table_name, place.column_name)
      when place.type_name = 'uuid' then format('update %1$I.%2$I set %3$I = null where %3$I = $1', place.schema_name, place.table_name, place.column_name)
      when place.type_name = '_uuid' then format('update %1$I.%2$I set %3$I = array_remove(%3$I, $1) where $1 = any (%3$I)', place.schema_name, place.table_name, place.column_name)
      -- What has the id in its key is about the person, and two forgotten people must not become one.
      when place.keyed then format('delete from %I.%I where %I::text like ''%%'' || $1 || ''%%''', place.schema_name, place.table_name, place.column_name)
      else format('update %1$I.%2$I set %3$I = replace(%3$I::text, $1::text, %5$L)::%4$I where %3$I::text like ''%%'' || $1 || ''%%''',
                  place.schema_name, place.table_name, place.column_name, place.type_name, nobody)
    end using id;
    get diagnostics taken = row_count;
    if taken > 0 then
      counts := counts || jsonb_build_object(place.table_name, coalesce((counts ->> place.table_name)::bigint, 0) + taken);
    end if;
  end loop;
  delete from data.user_profiles p where p.id = forget_user.id;
  get diagnostics taken = row_count;
  counts := counts || jsonb_build_object('user_profiles', taken);
  -- Last, since what was done so far has been recorded. Entries about the person go; of entries by the person the deed stays.
  delete from data.audit_log a where a.table_name = 'user_profiles' and a.row_id = forget_user.id::text;
  get diagnostics taken = row_count;
  counts := counts || jsonb_build_object('audit_log', taken);
  update data.audit_log a
     set actor = replace(a.actor, forget_user.id::text, nobody),
         row_id = replace(a.row_id, forget_user.id::text, nobody),
         old_values = replace(a.old_values::text, forget_user.id::text, nobody)::jsonb,
         new_values = replace(a.new_values::text, forget_user.id::text, nobody)::jsonb
   where concat(a.actor, ' ', a.row_id, ' ', a.old_values, ' ', a.new_values) like '%' || forget_user.id || '%';
  get diagnostics taken = row_count;
  perform set_config('lintel.erasing', 'off', true);
  return counts || jsonb_build_object('audit_log_redacted', taken);
end $$;
comment on function private.forget_user(uuid) is
  'Removes a person: the profile, what was recorded about it, and the id wherever else it stands. Returns how many rows of which table.';

create function private.add_counts(a jsonb, b jsonb) returns jsonb
language sql immutable
return (select coalesce(jsonb_object_agg(key, total), '{}')
          from (select e.key, sum(e.value::text::bigint) as total
                  from (select * from jsonb_each(a) union all select * from jsonb_each(b)) as e group by e.key) as s);
comment on function private.add_counts(jsonb, jsonb) is 'Two sets of counts added up';

create function private.erase_user(id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  counts jsonb := '{}';
begin
  -- All zeroes is what stands for the forgotten.
  if id <> '00000000-0000-0000-0000-000000000000' then
    counts := private.forget_user(id);
  end if;
  if not exists (select from jsonb_each_text(counts) as c where c.value::bigint > 0)
     and not exists (select from private.erasures e where e.user_hash = private.user_hash(erase_user.id)) then
    raise no_data_found using message = format('nothing is known of user %s', coalesce(erase_user.id::text, 'null')),
      hint = 'The id is the subject of the person''s token: select id, display_name from data.user_profiles;';
  end if;
  insert into private.erasures as e (user_hash, requested_by, finished_at, counts)
  values (private.user_hash(erase_user.id), session_user, now(), counts)
  on conflict on constraint erasures_user_hash_key do update
    set finished_at = excluded.finished_at, counts = private.add_counts(e.counts, excluded.counts);
  return counts;
end $$;
comment on function private.erase_user(uuid) is
  'Forgets a person and leaves a tombstone. May be repeated. To be called by the owner or a DBA only. Returns how many rows of which table.';

revoke all on private.erasures, private.personal_columns from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function private.user_hash(uuid), private.forget_user(uuid), private.add_counts(jsonb, jsonb), private.erase_user(uuid)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
