-- How counting goes on from the card before this one (gateway/counting/carry.hpp). HQ keeps its side in
-- private.counter_states.

-- What HQ has told of totals, until the series has taken it up: by serial, for the sensor may not be heard yet.
create table carried_counters (
  serial text not null,
  line   text not null,
  state  text not null,    -- JSON, as HQ told it
  primary key (serial, line)
) strict, without rowid;

-- The total with which a series began here without anything to go on from. HQ may tell later.
create table first_totals (
  sensor_id integer not null,
  line      text not null,
  serial    text not null,   -- the device that stated it
  at        integer not null,
  flags     integer not null,
  statement text not null,   -- JSON: the rest of it
  primary key (sensor_id, line)
) strict, without rowid;

-- Whether HQ is to be asked for totals: nobody has answered yet, or it has come to know other sensors of ours.
alter table sync_state add column counters_owed integer not null default 1 check (counters_owed in (0, 1));
