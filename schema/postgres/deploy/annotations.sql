-- Deploy lintel:annotations to pg
-- requires: administration

begin;
set local role lintel_owner;

create table private.annotations (
  id              bigint generated always as identity primary key,
  public_id       uuid not null default gen_random_uuid() unique,
  organization_id bigint not null,
  store_id        integer not null,
  sensor_id       integer,
  day             date check (day between '2000-01-01' and '2100-01-01'),
  note            text not null check (length(note) between 1 and 2000),
  created_by      uuid,
  created_at      timestamptz not null default now(),
  deleted_at      timestamptz,
  foreign key (organization_id, store_id) references data.stores (organization_id, id) on delete cascade,
  foreign key (organization_id, store_id, sensor_id)
    references data.sensor_metadata (organization_id, store_id, id) on delete cascade,
  foreign key (organization_id, created_by) references data.user_profiles (organization_id, id) on delete set null (created_by)
);
create index annotations_store on private.annotations (store_id, created_at);
comment on index private.annotations_store is 'What happened in my stores, newest first (api.activity)';

comment on table private.annotations is 'What people say about a store, a sensor, a day: why a figure is as it is. Written once, withdrawn by deleted_at.';
comment on column private.annotations.id is 'Compact key';
comment on column private.annotations.public_id is 'Id outside this database';
comment on column private.annotations.organization_id is 'The tenant';
comment on column private.annotations.store_id is 'The store';
comment on column private.annotations.sensor_id is 'The sensor, if it is about one';
comment on column private.annotations.day is 'The store''s day, if it is about one';
comment on column private.annotations.note is 'What there is to say';
comment on column private.annotations.created_by is 'Who said it; null for HQ, and after a person was erased';
comment on column private.annotations.created_at is 'When it was said';
comment on column private.annotations.deleted_at is 'When it was withdrawn';
alter table private.annotations enable row level security;
create trigger annotations_audit after insert or delete or update of note, deleted_at on private.annotations
  for each row execute function private.audit_row('store_id', 'sensor_id', 'day', 'note', 'deleted_at');

create view api.annotations with (security_barrier = true) as
  select a.public_id, a.organization_id, a.store_id, t.name as store_name, a.sensor_id, s.name as sensor_name, a.day, a.note,
         a.created_by, p.display_name as created_by_name, a.created_at
    from private.annotations a
    join data.stores t on t.id = a.store_id
    left join data.sensor_metadata s on s.id = a.sensor_id
    left join data.user_profiles p on p.id = a.created_by
   where a.deleted_at is null and a.store_id = any ((select private.readable_store_ids())::integer[]);
comment on view api.annotations is 'What was said about the stores the user may see, their sensors and days';

create function api.annotate(store uuid, note text, sensor uuid default null, day date default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  mine   data.user_profiles := private.my_profile();
  place  data.stores;
  about  integer;
  made   uuid;
begin
  select * into place from data.stores s where s.public_id = store and array[s.id] <@ private.readable_store_ids();
  if place.id is null or mine.role = 'auditor' then
    return private.deny('annotate', format('you may not annotate store %s', store),
      'Auditors only read; everybody else annotates the stores they see. Check the store''s public id.', mine.organization_id);
  end if;
  if sensor is not null then
    select m.id into about from data.sensor_metadata m where m.public_id = sensor and m.store_id = place.id;
    if not found then
      raise foreign_key_violation using message = format('store %s has no sensor %s', store, sensor), hint = 'sensor is its public id.';
    end if;
  end if;
  insert into private.annotations (organization_id, store_id, sensor_id, day, note, created_by)
  values (place.organization_id, place.id, about, annotate.day, annotate.note, private.person_of(place))
  returning public_id into made;
  return jsonb_build_object('annotation', made);
end $$;
comment on function api.annotate(uuid, text, uuid, date) is 'Says something about a store the caller sees, one of its sensors, a day; not for auditors';

create function api.withdraw_annotation(annotation uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  mine data.user_profiles := private.my_profile();
  gone uuid;
begin
  update private.annotations a set deleted_at = coalesce(a.deleted_at, now())
   where a.public_id = annotation and array[a.store_id] <@ private.readable_store_ids()
     and (a.created_by = mine.id or private.caller_role() = 'lintel_hq' or a.organization_id = private.my_managed_tenant())
  returning a.public_id into gone;
  if gone is null then
    return private.deny('withdraw_annotation', format('annotation %s is not yours to withdraw', annotation),
      'Its author, administrators of the organization and HQ may.', mine.organization_id);
  end if;
  return jsonb_build_object('annotation', gone);
end $$;
comment on function api.withdraw_annotation(uuid) is 'Takes an annotation back: for its author, administrators and HQ. It stays in the audit log.';

revoke all on private.annotations, api.annotations from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function api.annotate(uuid, text, uuid, date), api.withdraw_annotation(uuid)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.annotations to authenticated, lintel_hq;
grant execute on function api.annotate(uuid, text, uuid, date), api.withdraw_annotation(uuid) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
