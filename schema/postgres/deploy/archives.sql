-- Deploy lintel:archives to pg
-- requires: partitions
-- Where readings went whose partition has left the database: one file per partition and tenant, encrypted with the
-- tenant's own key, so that to forget a tenant it is enough to forget the key.

begin;
set local role lintel_owner;

create table private.archive_keys (
  id              bigint generated always as identity primary key,
  organization_id bigint not null unique references data.organizations (id) on delete restrict,
  secret          bytea not null check (length(secret) = 32),
  created_at      timestamptz not null default now()
);
comment on table private.archive_keys is 'Keys with which the archives of each tenant are encrypted. Without its key an archive is noise.';
comment on column private.archive_keys.id is 'Compact key';
comment on column private.archive_keys.organization_id is 'The tenant';
comment on column private.archive_keys.secret is '256 random bits';
comment on column private.archive_keys.created_at is 'When the row was made';
alter table private.archive_keys enable row level security;

create table private.archives (
  id              bigint generated always as identity primary key,
  partition_name  text not null check (length(partition_name) between 1 and 63),
  organization_id bigint not null references data.organizations (id) on delete restrict,
  key_id          bigint not null references private.archive_keys (id) on delete restrict,
  provider        text not null check (length(provider) between 1 and 100),
  namespace       text not null check (length(namespace) between 1 and 1000),
  bytes           bigint not null check (bytes > 0),
  rows            bigint not null check (rows >= 0),
  checksum        text not null check (checksum ~ '^[0-9a-f]{64}$'),
  created_at      timestamptz not null default now(),
  last_used_at    timestamptz,
  unique (partition_name, organization_id)
);
comment on constraint archives_key_id_fkey on private.archives is 'no index: a key goes with its organization only, whose archives have left the register before';
comment on table private.archives is 'Register of archive files: one per partition and tenant';
comment on column private.archives.id is 'Compact key';
comment on column private.archives.partition_name is 'The partition whose rows it holds';
comment on column private.archives.organization_id is 'The tenant whose rows they are';
comment on column private.archives.key_id is 'The key it is encrypted with';
comment on column private.archives.provider is 'Who keeps it, for example s3 or file';
comment on column private.archives.namespace is 'Where the provider keeps it: bucket and object, or path';
comment on column private.archives.bytes is 'Its size';
comment on column private.archives.rows is 'How many rows it holds';
comment on column private.archives.checksum is 'SHA-256 of the file in hexadecimal';
comment on column private.archives.created_at is 'When it was registered';
comment on column private.archives.last_used_at is 'When it was last read; null while nobody needed it';
alter table private.archives enable row level security;

create function private.archive_key(organization_id bigint, out key_id bigint, out secret bytea)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from data.organizations o where o.id = archive_key.organization_id and o.parent_id is null) then
    raise foreign_key_violation using message = format('organization %s is no tenant', archive_key.organization_id),
      hint = 'Archives belong to the root of a tree: select id, name from data.organizations where parent_id is null;';
  end if;
  insert into private.archive_keys (organization_id, secret) values (archive_key.organization_id, extensions.gen_random_bytes(32))
  on conflict do nothing;
  select k.id, k.secret into key_id, secret from private.archive_keys k where k.organization_id = archive_key.organization_id;
end $$;
comment on function private.archive_key(bigint) is 'The key of a tenant''s archives, made at the first call';

create function private.register_archive(partition_name text, organization_id bigint, provider text, namespace text,
                                         bytes bigint, rows bigint, checksum text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  its_key bigint := (select k.id from private.archive_keys k where k.organization_id = register_archive.organization_id);
  entry   private.archives;
begin
  if its_key is null then
    raise foreign_key_violation using message = format('organization %s has no archive key', organization_id),
      hint = 'Encrypt the file with what private.archive_key(organization_id) returns, then register it.';
  end if;
  insert into private.archives (partition_name, organization_id, key_id, provider, namespace, bytes, rows, checksum)
  values (register_archive.partition_name, register_archive.organization_id, its_key, register_archive.provider,
          register_archive.namespace, register_archive.bytes, register_archive.rows, register_archive.checksum)
  on conflict do nothing;
  select * into entry from private.archives a
   where a.partition_name = register_archive.partition_name and a.organization_id = register_archive.organization_id;
  -- Said again after a lost answer it is the same; with other content somebody would lose a file.
  if (entry.provider, entry.namespace, entry.bytes, entry.rows, entry.checksum)
     is distinct from (register_archive.provider, register_archive.namespace, register_archive.bytes, register_archive.rows, register_archive.checksum) then
    raise unique_violation using message = format('partition %s of organization %s is archived already, at %s %s', partition_name, organization_id, entry.provider, entry.namespace),
      hint = 'Compare the checksums; if the new file is the right one, delete the entry from private.archives first.';
  end if;
  return entry.id;
end $$;
comment on function private.register_archive(text, bigint, text, text, bigint, bigint, text) is
  'Enters an archive file in the register; may be repeated. Call it once the file is safely at its provider.';

create function private.touch_archive(id bigint) returns private.archives
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  entry private.archives;
begin
  update private.archives a set last_used_at = clock_timestamp() where a.id = touch_archive.id returning * into entry;
  if not found then
    raise no_data_found using message = format('there is no archive %s', touch_archive.id),
      hint = 'select id, partition_name, organization_id from private.archives;';
  end if;
  return entry;
end $$;
comment on function private.touch_archive(bigint) is 'Notes that an archive is being read, and says where it is';

revoke all on private.archives, private.archive_keys from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function private.archive_key(bigint), private.register_archive(text, bigint, text, text, bigint, bigint, text),
  private.touch_archive(bigint) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
