-- The store's share of the central schema, and what only a gateway needs.
--
-- Tables and columns that both ends have carry the same names (schema/postgres). Here:
--   * instants are integers, milliseconds since 1970 UTC; days are integers, days since 1970-01-01;
--   * ids are local: the own organization and the own store are always 1, entities meet HQ by public_id;
--   * change_no numbers every change owed to HQ. It is the rowid of the raw tables, so a reading that
--     is revised gets a new row with a new number, and a number without a row has been superseded;
--   * the raw tables spend no bytes on ids that are always 1, and their key starts with the time: readings
--     of all sensors arrive together, so their keys share a page, and a commit writes that one page.

create table organizations (
  id              integer primary key,
  organization_id integer not null,
  parent_id       integer references organizations (id) on delete restrict,
  public_id       text not null unique,
  name            text not null,
  level           integer not null default 1 check (level between 1 and 5),
  lifecycle       text not null default 'active',
  metadata        text not null default '{}',
  settings        text not null default '{}',
  created_at      integer not null,
  updated_at      integer not null,
  deleted_at      integer
) strict;

create table stores (
  id               integer primary key,
  organization_id  integer not null,
  node_id          integer references organizations (id) on delete restrict,
  public_id        text not null unique,
  name             text not null,
  timezone         text not null default 'UTC',
  day_start_minute integer not null default 0 check (day_start_minute between 0 and 1439),
  calendar         text not null default '[]',  -- both with the day from which on they held (schema/README.md)
  lifecycle        text not null default 'active',
  config_version   integer not null default 0,
  metadata         text not null default '{}',
  settings         text not null default '{}',
  created_at       integer not null,
  updated_at       integer not null,
  deleted_at       integer
) strict;

create table gateways (
  id              integer primary key,
  organization_id integer not null,
  store_id        integer not null references stores (id) on delete cascade,
  public_id       text not null unique,
  name            text not null,
  version         text,
  lifecycle       text not null default 'active',
  status          text not null default 'unknown',
  last_seen_at    integer,
  offline_since   integer,
  metadata        text not null default '{}',
  settings        text not null default '{}',
  created_at      integer not null,
  updated_at      integer not null,
  deleted_at      integer
) strict;

create table sensor_metadata (
  id                 integer primary key,
  organization_id    integer not null,
  store_id           integer not null references stores (id) on delete cascade,
  gateway_id         integer not null references gateways (id) on delete restrict,
  public_id          text not null unique,
  serial             text not null,            -- identity the payload states, or "link:NAME" where it states none
  name               text not null,
  model              text not null,            -- the decoder
  link               text not null,
  lifecycle          text not null default 'planning',  -- planning until a person or HQ confirms it
  status             text not null default 'unknown',
  last_data_received integer,
  offline_since      integer,
  metadata           text not null default '{}',
  settings           text not null default '{}',
  created_at         integer not null,
  updated_at         integer not null,
  deleted_at         integer,
  hq_id              integer,                  -- HQ's compact key, once HQ has told it
  last_boot_id       blob,                     -- boot and boot clock (ms) of the last data: health is judged on these
  last_boot_ms       integer,
  interval_ms        integer,                  -- learned rhythm: the usual time between two messages
  unique (store_id, serial)
) strict;

create table user_profiles (
  id                  text primary key,
  organization_id     integer not null,
  role                text not null,
  display_name        text not null default '',
  timezone_preference text not null default 'UTC',
  email_notifications integer not null default 0,
  node_ids            text not null default '[]',
  store_ids           text not null default '[]',
  lifecycle           text not null default 'active',
  metadata            text not null default '{}',
  settings            text not null default '{}',
  created_at          integer not null,
  updated_at          integer not null,
  deleted_at          integer
) strict;  -- never filled on a gateway: people's profiles stay at HQ

create table people_counting_raw (
  change_no       integer primary key,
  organization_id integer generated always as (1) virtual,
  store_id        integer generated always as (1) virtual,
  sensor_id       integer not null,
  line            text not null default '',
  started_at      integer not null,
  seq             integer not null default 0 check (seq >= 0),
  duration_ms     integer not null default 0 check (duration_ms >= 0),
  count_in        integer check (count_in >= 0),
  count_out       integer check (count_out >= 0),
  flags           integer not null default 0 check (flags >= 0),
  revision        integer not null default 1 check (revision > 0),
  received_at     integer not null,
  mark            integer,  -- of a passage that its device names: the name, hashed; a second one here is a repeat
  unique (started_at, sensor_id, line, seq)
) strict;
-- Readings over more than an hour are few; a day that is recomputed finds them here.
create index people_counting_raw_long on people_counting_raw (sensor_id, line, started_at)
  where duration_ms > 3600000;

create table regional_counting_raw (
  change_no       integer primary key,
  organization_id integer generated always as (1) virtual,
  store_id        integer generated always as (1) virtual,
  sensor_id       integer not null,
  region          text not null default '',
  started_at      integer not null,
  seq             integer not null default 0 check (seq >= 0),
  duration_ms     integer not null default 0 check (duration_ms >= 0),
  occupancy       integer,
  flags           integer not null default 0 check (flags >= 0),
  revision        integer not null default 1 check (revision > 0),
  received_at     integer not null,
  unique (started_at, sensor_id, region, seq)
) strict;

create table hourly_analytics (
  organization_id integer not null,
  store_id        integer not null,
  sensor_id       integer not null,
  line            text not null default '',
  region          text not null default '',
  hour_at         integer not null,
  count_in        integer not null default 0 check (count_in >= 0),
  count_out       integer not null default 0 check (count_out >= 0),
  occupancy_max   integer,
  readings        integer not null default 0 check (readings >= 0),
  updated_at      integer not null,
  -- Time first: the hours that grow lie side by side, so a commit touches one page for all sensors.
  primary key (hour_at, store_id, sensor_id, line, region)
) strict, without rowid;

create table daily_analytics (
  organization_id integer not null,
  store_id        integer not null,
  sensor_id       integer not null,
  line            text not null default '',
  region          text not null default '',
  day             integer not null,
  count_in        integer not null default 0 check (count_in >= 0),  -- what the day's hours add up to
  count_out       integer not null default 0 check (count_out >= 0),
  unallocated_in  integer not null default 0 check (unallocated_in >= 0),  -- readings longer than an hour
  unallocated_out integer not null default 0 check (unallocated_out >= 0),
  estimated_in    integer not null default 0 check (estimated_in >= 0),  -- split of a gap across midnight
  estimated_out   integer not null default 0 check (estimated_out >= 0),
  occupancy_max   integer,
  readings        integer not null default 0 check (readings >= 0),
  old_calendar    integer not null default 0,  -- counted by a calendar found wrong when the readings were gone
  updated_at      integer not null,
  primary key (day, store_id, sensor_id, line, region)
) strict, without rowid;

create table region_configurations (
  id              integer primary key,
  organization_id integer not null,
  store_id        integer not null references stores (id) on delete cascade,
  sensor_id       integer not null references sensor_metadata (id) on delete cascade,
  public_id       text not null unique,
  region          text not null,
  name            text not null,
  capacity        integer check (capacity > 0),
  lifecycle       text not null default 'active',
  metadata        text not null default '{}',
  settings        text not null default '{}',
  created_at      integer not null,
  updated_at      integer not null,
  deleted_at      integer,
  unique (store_id, sensor_id, region)
) strict;  -- HQ's, and those that sensors.d describes (gateway/store/regions.hpp)

create table alerts (
  id              integer primary key,
  organization_id integer not null,
  store_id        integer not null references stores (id) on delete cascade,
  gateway_id      integer references gateways (id) on delete cascade,
  sensor_id       integer references sensor_metadata (id) on delete cascade,
  public_id       text not null unique,
  kind            text not null,
  dedup_key       text not null,
  severity        text not null,
  state           text not null default 'open',
  message         text not null,
  details         text not null default '{}',
  opened_at       integer not null,
  acknowledged_at integer,
  resolved_at     integer,
  created_at      integer not null,
  updated_at      integer not null
) strict;
create unique index alerts_open_once on alerts (dedup_key) where state <> 'resolved';

create table audit_log (
  id              integer primary key,
  organization_id integer not null,
  at              integer not null,
  actor           text not null,
  action          text not null,
  table_name      text not null,
  row_id          text not null,
  old_values      text,
  new_values      text,
  request_id      text
) strict;

create view latest_sensor_data as
  select s.organization_id, s.store_id, s.id as sensor_id, s.public_id, s.name, s.model, s.status,
         s.last_data_received, s.offline_since,
         r.line, r.started_at, r.duration_ms, r.count_in, r.count_out
    from sensor_metadata s
    left join people_counting_raw r
      on r.change_no = (select l.change_no from people_counting_raw l
                         where l.sensor_id = s.id and l.started_at <= s.last_data_received + 86400000
                         order by l.started_at desc limit 1)
   where s.deleted_at is null;

-- What only a gateway needs ------------------------------------------------------------------------

-- One row: who this file is, how far frames and changes have got. Everything a commit always touches
-- lies here, in one page.
create table writer_state (
  id              integer primary key check (id = 1),
  epoch           text not null,                -- identity of this file
  next_change_no  integer not null default 1,
  spool_segment   integer not null default 0,   -- frames before (segment, offset) are in the tables
  spool_offset    integer not null default 0,
  recent_packets  blob not null default x'',    -- MQTT packets stored last: what a DUP frame is held against
  tzdata          text not null default ''      -- version by which days were reckoned
) strict;

create table sync_state (
  id              integer primary key check (id = 1),
  watermark       integer not null default 0,   -- HQ has confirmed every change up to here
  history_id      text,                         -- HQ's identity; another one means a restored backup
  config_version  integer not null default 0,
  last_attempt_at integer,
  last_success_at integer,
  last_error      text,
  failures        integer not null default 0
) strict;

-- UTC days whose confirmed readings are compared with HQ's (gateway/sync/checksums.hpp).
create table day_checks (
  day        integer primary key,          -- days since 1970
  state      text not null check (state in ('owed', 'equal', 'differs')),
  resends    integer not null default 0,   -- how often series of it were sent again
  next_at    integer not null,             -- not compared before
  checked_at integer,
  note       text not null default ''
) strict;

-- Where days began and ended when they were counted. By another calendar or new tzdata some would elsewhere:
-- these are counted anew.
create table day_bounds (
  day       integer primary key,
  begins_at integer not null,
  ends_at   integer not null
) strict;

-- Days that wait for it, oldest first.
create table recompute_days (
  day          integer primary key,
  requested_at integer not null
) strict;

-- Changes that are not rows of the raw tables: a reading that moved to another key, an entity that changed.
create table journal (
  change_no integer primary key,
  kind      text not null,    -- 'sensor', 'alert'
  body      text not null     -- JSON
) strict;

-- Keys that readings have left: sent with the row that has the number now, and a guard, as at HQ: who takes
-- such a key again needs at least this revision. A reading that moved twice has left two.
create table moved_readings (
  change_no  integer not null,
  sensor_id  integer not null,
  started_at integer not null,
  line       text not null,       -- or region
  seq        integer not null,
  regional   integer not null default 0,
  revision   integer not null default 2,
  unique (sensor_id, started_at, line, seq, regional)
) strict;
create index moved_readings_by_change on moved_readings (change_no);

-- Readings that HQ's own validation refused: kept, shown, retried.
create table set_aside (
  change_no integer primary key,
  code      text not null,
  message   text not null default '',
  at        integer not null
) strict;

-- What people said of stored readings (gateway/store/corrections.hpp): who, why, and how far it has been carried out.
create table corrections (
  id        integer primary key,
  at        integer not null,
  actor     text not null,
  sensor_id integer not null,
  line      text,                 -- null: every line of the sensor
  from_at   integer not null,
  to_at     integer not null check (to_at > from_at),
  action    text not null check (action in ('swap', 'discard', 'restore')),
  reason    text not null,
  done_to   integer not null,     -- readings that begin before have been corrected
  changed   integer not null default 0
) strict;

-- What counting remembers of a series between frames (gateway/counting).
create table counter_state (
  sensor_id integer not null,
  line      text not null,
  state     text not null,    -- JSON
  primary key (sensor_id, line)
) strict, without rowid;

-- How far counting has drifted in a counted region (gateway/counting/occupancy.hpp) from one reset to the next.
create table occupancy_periods (
  sensor_id  integer not null,
  region     text not null,
  from_at    integer not null,
  to_at      integer not null check (to_at > from_at),
  day        integer not null,            -- the store's day in which it began
  below_zero integer not null default 0,  -- people who left and had never come
  left_over  integer,                     -- people still present when it ended; null: it has not ended
  uncertain  integer not null default 0,  -- something in it was no exact count
  primary key (sensor_id, region, from_at)
) strict, without rowid;

-- What devices say once and refer to ever after, as the aliases of a Sparkplug birth (DecodeSession::notes).
-- Lost, it is asked for again.
create table decoder_notes (
  link    text not null,
  topic   text not null,      -- the subscription; empty on links without topics
  decoder text not null,
  key     text not null,
  value   text not null,
  primary key (link, topic, decoder, key)
) strict, without rowid;

create table quarantine (
  id           integer primary key,
  received_at  integer,
  boot_id      blob not null,
  boot_ms      integer not null,
  link         text not null,
  topic        text not null,
  decoder      text not null,
  kind         text not null,
  reason       text not null,
  payload      blob not null
) strict;
create index quarantine_by_link on quarantine (link, id);

-- Frames of a boot whose wall time is not known yet: decoded when it is.
create table held_frames (
  id        integer primary key,
  boot_id   blob not null,
  boot_ns   integer not null,
  link      text not null,
  topic     text not null,
  retained  integer not null,
  payload   blob not null
) strict;

-- What wall time a boot had: utc = offset_ms + boot clock (gateway/clock).
create table boots (
  boot_id          blob primary key,
  ordinal          integer not null unique,     -- in the order in which they were
  source           text not null,               -- none, bounds, host, https, ntp
  offset_ms        integer,                     -- null: not known
  uncertainty_ms   integer,                     -- null: nobody knows
  last_ms          integer not null default 0,  -- its own clock when it was last seen, at most a minute ago
  first_seen_at    integer not null,            -- by the machine's clock, right or wrong
  -- Changes with these numbers, [from, to), were made while nobody confirmed the clock; null: none, or all since.
  unconfirmed_from integer,
  unconfirmed_to   integer,
  shift_ms         integer                      -- those of them that are marked are being moved by this
) strict, without rowid;
