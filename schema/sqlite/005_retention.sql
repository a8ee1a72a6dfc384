-- What had to leave (gateway/store/retention.hpp). Readings leave in the order of their numbers: none with a
-- number up to removed_to is here any more, but those HQ refused, and what they said lay before removed_before.
alter table writer_state add column removed_to integer not null default 0;
alter table writer_state add column removed_before integer not null default 0;

-- Readings that left before HQ had them: what their days lost, for HQ and for people.
create table given_up (
  revision  integer primary key autoincrement,  -- order of the last change
  sensor_id integer not null references sensor_metadata (id) on delete cascade,
  regional  integer not null check (regional in (0, 1)),
  label     text not null,                      -- line or region
  day       integer not null,                   -- of the store
  readings  integer not null check (readings > 0),
  count_in  integer not null default 0,
  count_out integer not null default 0,
  at        integer not null,
  unique (sensor_id, regional, label, day)
) strict;
alter table sync_state add column given_up_told integer not null default 0;  -- HQ knows every revision up to here
