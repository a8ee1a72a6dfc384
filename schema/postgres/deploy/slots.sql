-- Deploy lintel:slots to pg
-- requires: stores
-- The numbers by which the keys of raw rows name sensor, line or region, and seq (why: see raw).

begin;
set local role lintel_owner;

create table private.slots (
  store_id  integer not null references data.stores (id) on delete cascade,
  sensor_id integer not null,
  slot      smallint not null check (slot > 0),
  seq       smallint not null check (seq >= 0),
  regional  boolean not null,
  label     text collate "C" not null check (length(label) <= 64),
  primary key (store_id, slot),
  unique (store_id, sensor_id, regional, label, seq)
);
comment on table private.slots is
  'Which sensor, line or region, and seq a slot in the key of raw rows stands for. Rows are added and never changed.';
comment on column private.slots.store_id is 'The store';
comment on column private.slots.sensor_id is 'The sensor';
comment on column private.slots.slot is 'Number within the store, from 1';
comment on column private.slots.seq is 'seq of the readings';
comment on column private.slots.regional is 'Whether label is a region';
comment on column private.slots.label is 'Line or region';
alter table private.slots enable row level security;

create function private.slots_of_bucket(store_id integer, sensor_id integer, line text, region text) returns smallint[]
language plpgsql stable as $$
begin
  return array(select t.slot from private.slots t
                where t.store_id = slots_of_bucket.store_id and t.sensor_id = slots_of_bucket.sensor_id
                  and (not t.regional and t.label = slots_of_bucket.line and slots_of_bucket.region = ''
                       or t.regional and t.label = slots_of_bucket.region and slots_of_bucket.line = ''));
end $$;
comment on function private.slots_of_bucket(integer, integer, text, text) is 'Slots of the readings that a bucket is made of';

revoke all on function private.slots_of_bucket(integer, integer, text, text)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
