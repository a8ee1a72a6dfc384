-- Deploy lintel:analytics to pg
-- requires: schemas

begin;
set local role lintel_owner;

-- Keys by store and time: a day of a store, of all its sensors, lies together, and a day of many stores takes one
-- step per store.
create table data.hourly_analytics (
  organization_id bigint not null,
  hour_at         timestamptz not null,
  count_in        bigint not null default 0 check (count_in >= 0),
  count_out       bigint not null default 0 check (count_out >= 0),
  updated_at      timestamptz not null,
  store_id        integer not null,
  sensor_id       integer not null,
  occupancy_max   integer check (occupancy_max >= 0),
  readings        integer not null default 0 check (readings >= 0),
  line            text collate "C" not null default '',
  region          text collate "C" not null default '',
  primary key (store_id, hour_at, sensor_id, line, region)
)
-- The newest bucket of a series is rewritten by every batch, in its page if there is room. Large as it grows, the
-- table is looked at after every twentieth more, not every fifth.
with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05,
      autovacuum_analyze_scale_factor = 0.05);

create table data.daily_analytics (
  organization_id bigint not null,
  count_in        bigint not null default 0 check (count_in >= 0),
  count_out       bigint not null default 0 check (count_out >= 0),
  unallocated_in  bigint not null default 0 check (unallocated_in >= 0),
  unallocated_out bigint not null default 0 check (unallocated_out >= 0),
  estimated_in    bigint not null default 0 check (estimated_in >= 0),
  estimated_out   bigint not null default 0 check (estimated_out >= 0),
  updated_at      timestamptz not null,
  store_id        integer not null,
  sensor_id       integer not null,
  day             date not null,
  occupancy_max   integer check (occupancy_max >= 0),
  readings        integer not null default 0 check (readings >= 0),
  old_calendar    boolean not null default false,
  line            text collate "C" not null default '',
  region          text collate "C" not null default '',
  primary key (store_id, day, sensor_id, line, region)
)
with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05,
      autovacuum_analyze_scale_factor = 0.05);

comment on table data.hourly_analytics is 'Readings of at most an hour, added up per hour. Written only together with the raw rows.';
comment on column data.hourly_analytics.organization_id is 'The tenant';
comment on column data.hourly_analytics.hour_at is 'Start of the hour, a whole hour of UTC';
comment on column data.hourly_analytics.count_in is 'People who came in';
comment on column data.hourly_analytics.count_out is 'People who went out';
comment on column data.hourly_analytics.updated_at is 'When the bucket last changed';
comment on column data.hourly_analytics.store_id is 'The store';
comment on column data.hourly_analytics.sensor_id is 'The sensor';
comment on column data.hourly_analytics.occupancy_max is 'Most people present at once; null without such readings';
comment on column data.hourly_analytics.readings is 'How many readings the bucket is made of';
comment on column data.hourly_analytics.line is 'Line; empty for the whole device and for regions';
comment on column data.hourly_analytics.region is 'Region; empty for the whole device and for lines';

comment on table data.daily_analytics is 'Readings added up per day of the store. A day''s people are count + unallocated + estimated.';
comment on column data.daily_analytics.organization_id is 'The tenant';
comment on column data.daily_analytics.count_in is 'People who came in, what the day''s hours add up to';
comment on column data.daily_analytics.count_out is 'People who went out, what the day''s hours add up to';
comment on column data.daily_analytics.unallocated_in is 'The same from readings longer than an hour';
comment on column data.daily_analytics.unallocated_out is 'The same from readings longer than an hour';
comment on column data.daily_analytics.estimated_in is 'The same from estimates (a gap split at midnight)';
comment on column data.daily_analytics.estimated_out is 'The same from estimates (a gap split at midnight)';
comment on column data.daily_analytics.updated_at is 'When the bucket last changed';
comment on column data.daily_analytics.store_id is 'The store';
comment on column data.daily_analytics.sensor_id is 'The sensor';
comment on column data.daily_analytics.day is 'Day in the store''s time zone, from its day_start_minute on';
comment on column data.daily_analytics.occupancy_max is 'Most people present at once; null without such readings';
comment on column data.daily_analytics.readings is 'How many readings the bucket is made of';
comment on column data.daily_analytics.old_calendar is
  'Counted by a calendar that was found wrong when the readings were gone already: the day may begin or end at another instant than it should';
comment on column data.daily_analytics.line is 'Line; empty for the whole device and for regions';
comment on column data.daily_analytics.region is 'Region; empty for the whole device and for lines';

alter table data.hourly_analytics enable row level security;
alter table data.daily_analytics enable row level security;

notify pgrst, 'reload schema';
commit;
