-- What health remembers (gateway/health/README.md).

-- When sensors came into another state, and why. Bounded: 200 of each sensor, none of more than 400 days ago.
create table sensor_states (
  id        integer primary key,
  sensor_id integer not null references sensor_metadata (id) on delete cascade,
  at        integer not null,
  status    text not null,
  kind      text not null default '',  -- the rule behind it, which is the kind of its alert; empty: none
  cause     text not null default ''
) strict;
create index sensor_states_by_sensor on sensor_states (sensor_id, id);

-- What a device has said of itself last. Voltage and signal, which wobble with every message, are written when they
-- have moved.
create table device_states (
  sensor_id       integer primary key references sensor_metadata (id) on delete cascade,
  connected       integer check (connected in (0, 1)),  -- by its last will or the opposite; null: never said
  battery_percent integer,
  battery_mv      integer,
  signal_dbm      integer,                              -- of its radio
  margin_db       integer,                              -- what its radio link could still lose
  battery_low     integer not null default 0 check (battery_low in (0, 1)),
  tampered        integer check (tampered in (0, 1)),
  faults          text not null default '[]',           -- JSON: a list of texts
  firmware        text not null default '',
  updated_at      integer not null
) strict;
