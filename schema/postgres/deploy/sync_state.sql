-- Deploy lintel:sync_state to pg
-- requires: gateways
-- requires: partitions
-- requires: denials
-- requires: coverage
-- requires: counter_states

begin;
set local role lintel_owner;

create table private.epochs (
  gateway_id    bigint not null references data.gateways (id) on delete cascade,
  epoch         text not null check (length(epoch) between 1 and 64),
  ordinal       smallint not null check (ordinal > 0),
  applied       int8multirange not null default '{}',
  first_seen_at timestamptz not null default now(),
  primary key (gateway_id, epoch),
  unique (gateway_id, ordinal)
) with (fillfactor = 50);  -- room for the ranges to be rewritten in the same page
comment on table private.epochs is 'The database files a gateway has had, and which of their changes are applied';
comment on column private.epochs.gateway_id is 'The gateway';
comment on column private.epochs.epoch is 'Identity of the file, as the gateway names it';
comment on column private.epochs.ordinal is 'Counts up in the order HQ first met them; a later file''s readings win';
comment on column private.epochs.applied is 'Numbers of the changes that are applied, or rejected by name';
comment on column private.epochs.first_seen_at is 'When HQ first met it';
alter table private.epochs enable row level security;

create table private.moved_keys (
  store_id   integer not null,
  sensor_id  integer not null,
  started_at timestamptz(3) not null,
  regional   boolean not null,
  label      text collate "C" not null,
  seq        smallint not null check (seq >= 0),
  epoch      smallint not null check (epoch > 0),
  revision   smallint not null check (revision > 0),
  primary key (store_id, sensor_id, started_at, regional, label, seq),
  foreign key (store_id) references data.stores (id) on delete cascade
);
comment on table private.moved_keys is 'Keys that readings moved away from: an older version that arrives late is not taken at its old key';
comment on column private.moved_keys.store_id is 'The store';
comment on column private.moved_keys.sensor_id is 'The sensor';
comment on column private.moved_keys.started_at is 'Old start';
comment on column private.moved_keys.regional is 'Whether label is a region';
comment on column private.moved_keys.label is 'Line or region';
comment on column private.moved_keys.seq is 'Old seq';
comment on column private.moved_keys.epoch is 'Ordinal of the epoch that moved it';
comment on column private.moved_keys.revision is 'Revision that moved it; older ones are not taken at this key';
alter table private.moved_keys enable row level security;

create function private.maintain() returns setof text
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  delete from private.moved_keys k where k.started_at < private.retention_horizon();
  delete from private.coverage c where c.to_at < private.retention_horizon();
  delete from private.counter_states c where c.total_at < private.retention_horizon();
  select private.forget_denials();
  select private.ensure_partitions();
end;
comment on function private.maintain() is 'What has to run daily: partitions ahead; guards, coverage and totals behind the horizon and old denials forgotten. Returns the partitions it made.';
revoke all on function private.maintain() from public, anon, authenticated, lintel_gateway;

notify pgrst, 'reload schema';
commit;
