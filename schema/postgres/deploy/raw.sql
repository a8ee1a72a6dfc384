-- Deploy lintel:raw to pg
-- requires: schemas

begin;
set local role lintel_owner;

-- The source of truth, and nearly all the bytes: columns stand in order of alignment, and there are no foreign
-- keys (2.6 times the processor time); gateway_sync_v1 validates per batch instead.
-- The key must not exceed 16 bytes. An entry is 28 bytes then, and a B-tree splits a page after the newest entry
-- of a series and leaves it full. Keys wider than that it splits in the middle, and where many series grow side
-- by side every page stays half empty: with sensor, line and seq in the key it took 71 bytes a row. So the key
-- names these three by a number, the slot, which private.slots hands out per store; store ids are unique over
-- all tenants.
create table data.people_counting_raw (
  started_at      timestamptz(3) not null,
  received_at     timestamptz(3) not null,
  duration_ms     bigint not null default 0 check (duration_ms >= 0),
  organization_id integer not null,
  store_id        integer not null,
  sensor_id       integer not null,
  count_in        integer check (count_in >= 0),
  count_out       integer check (count_out >= 0),
  epoch           smallint not null check (epoch >= 0),
  revision        smallint not null default 1 check (revision > 0),
  seq             smallint not null default 0 check (seq >= 0),
  flags           smallint not null default 0 check (flags >= 0),
  slot            smallint not null check (slot > 0),
  line            text collate "C" not null default '' check (length(line) <= 64),
  primary key (store_id, slot, started_at) with (fillfactor = 100)
) partition by range (started_at);
-- Readings longer than an hour are few, and one may lie far before the day it counts in.
create index people_counting_raw_long on data.people_counting_raw (store_id, slot, started_at)
  where duration_ms > 3600000;
comment on index data.people_counting_raw_long is 'Recomputing a day: the readings longer than an hour that reach into it';

create table data.regional_counting_raw (
  started_at      timestamptz(3) not null,
  received_at     timestamptz(3) not null,
  duration_ms     bigint not null default 0 check (duration_ms >= 0),
  organization_id integer not null,
  store_id        integer not null,
  sensor_id       integer not null,
  occupancy       integer check (occupancy >= 0),
  epoch           smallint not null check (epoch >= 0),
  revision        smallint not null default 1 check (revision > 0),
  seq             smallint not null default 0 check (seq >= 0),
  flags           smallint not null default 0 check (flags >= 0),
  slot            smallint not null check (slot > 0),
  region          text collate "C" not null default '' check (length(region) <= 64),
  primary key (store_id, slot, started_at) with (fillfactor = 100)
) partition by range (started_at);
create index regional_counting_raw_long on data.regional_counting_raw (store_id, slot, started_at)
  where duration_ms > 3600000;
comment on index data.regional_counting_raw_long is 'Recomputing a day: the readings longer than an hour that reach into it';

comment on table data.people_counting_raw is 'Passages over lines, one row per reading. Partitioned by started_at.';
comment on column data.people_counting_raw.started_at is 'Start of the reading, whole milliseconds';
comment on column data.people_counting_raw.received_at is 'When HQ took this version of it';
comment on column data.people_counting_raw.duration_ms is 'Length; 0 for an instant. Counted in the bucket of its last instant.';
comment on column data.people_counting_raw.organization_id is 'The tenant. Four bytes here: a row is paid for by the hundred million.';
comment on column data.people_counting_raw.store_id is 'The store; what a cluster distributes by';
comment on column data.people_counting_raw.sensor_id is 'The sensor';
comment on column data.people_counting_raw.count_in is 'People who came in; null where the sensor does not say';
comment on column data.people_counting_raw.count_out is 'People who went out; null where the sensor does not say';
comment on column data.people_counting_raw.epoch is 'Ordinal of the gateway''s database file, 0 for an import; with revision the order of versions, so a gateway always outranks an import';
comment on column data.people_counting_raw.revision is 'Version of the reading inside its epoch';
comment on column data.people_counting_raw.seq is 'Separates readings of one line that start at the same instant';
comment on column data.people_counting_raw.flags is '1 arrival time used, 2 recovered over a gap, 4 after a reset, 8 wrapped, 16 estimated, 32 voided, 64 corrected, 128 time bounded, not known, 256 end and 512 start on the gateway''s unconfirmed clock';
comment on column data.people_counting_raw.slot is 'Number of sensor, line and seq within the store (private.slots); with the start it makes the key';
comment on column data.people_counting_raw.line is 'Line of the sensor; empty for the whole device';

comment on table data.regional_counting_raw is 'People present in regions, one row per reading. Partitioned by started_at.';
comment on column data.regional_counting_raw.started_at is 'Start of the reading, whole milliseconds';
comment on column data.regional_counting_raw.received_at is 'When HQ took this version of it';
comment on column data.regional_counting_raw.duration_ms is 'Length; 0 for an instant. Counted in the bucket of its last instant.';
comment on column data.regional_counting_raw.organization_id is 'The tenant. Four bytes here: a row is paid for by the hundred million.';
comment on column data.regional_counting_raw.store_id is 'The store; what a cluster distributes by';
comment on column data.regional_counting_raw.sensor_id is 'The sensor';
comment on column data.regional_counting_raw.occupancy is 'People present; null where the sensor does not say';
comment on column data.regional_counting_raw.epoch is 'Ordinal of the gateway''s database file, 0 for an import; with revision the order of versions, so a gateway always outranks an import';
comment on column data.regional_counting_raw.revision is 'Version of the reading inside its epoch';
comment on column data.regional_counting_raw.seq is 'Separates readings of one region that start at the same instant';
comment on column data.regional_counting_raw.flags is 'As in people_counting_raw';
comment on column data.regional_counting_raw.slot is 'Number of sensor, region and seq within the store (private.slots); with the start it makes the key';
comment on column data.regional_counting_raw.region is 'Region of the sensor; empty for the whole device';

alter table data.people_counting_raw enable row level security;
alter table data.regional_counting_raw enable row level security;

notify pgrst, 'reload schema';
commit;
