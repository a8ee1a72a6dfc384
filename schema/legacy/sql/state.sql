-- What the migration knows: where it stands, what each old table is for, what became of every row, and the rules.
create schema legacy_migration;
comment on schema legacy_migration is 'Lintel: from the old 34 tables to the central schema. To be dropped when nobody needs the record any more.';
revoke all on schema legacy_migration from public;

create table legacy_migration.state (
  one         boolean primary key default true check (one),
  phase       text not null check (phase in ('copying', 'following', 'cutting over', 'cut over', 'rolling back', 'rolled back', 'finishing', 'finished')),
  started_at  timestamptz not null default now(),
  changed_at  timestamptz not null default now(),
  proven_at   timestamptz
);
comment on table legacy_migration.state is 'One row once the migration has started';

-- kind place, alert, count: taken row by row, in the order of source. derived: can be worked out, compared. kept: goes to archive as it is.
create table legacy_migration.sources (
  source     smallint primary key,
  name       text not null unique,
  kind       text not null check (kind in ('place', 'alert', 'count', 'derived', 'kept')),
  becomes    text not null,
  id_column  text not null default 'id',
  preference smallint,
  copied_to  bigint not null default 0,
  copy_until bigint,
  rows       bigint not null default 0,
  seconds    double precision not null default 0,
  done       boolean not null default false
);
comment on table legacy_migration.sources is 'The old tables, what they become, and how far each is copied; what is beyond copy_until came after the triggers, which note it. preference: the lower is believed first.';
insert into legacy_migration.sources (source, name, kind, becomes, id_column, preference) values
  (1, 'organizations', 'place', 'data.organizations', 'id', null),
  (2, 'stores', 'place', 'data.stores, and data.gateways with one gateway each', 'id', null),
  (3, 'sensors', 'place', 'data.sensor_metadata', 'id', null),
  (4, 'regions', 'place', 'data.region_configurations', 'id', null),
  (5, 'users', 'place', 'data.user_profiles; passwords stay where the accounts are', 'id', null),
  (6, 'user_stores', 'place', 'data.user_profiles.store_ids', 'id', null),
  (7, 'user_regions', 'place', 'nothing: rights are by store', 'id', null),
  (8, 'alert_rules', 'place', 'data.stores.settings, key alert_rules', 'id', null),
  (11, 'analytics_alerts', 'alert', 'data.alerts', 'id', 1),
  (12, 'regional_alerts', 'alert', 'data.alerts', 'id', 2),
  (13, 'system_alerts', 'alert', 'data.alerts', 'id', 3),
  (21, 'people_counting_data', 'count', 'data.people_counting_raw', 'id', 1),
  (22, 'sensor_data', 'count', 'data.people_counting_raw', 'id', 2),
  (23, 'people_counting_data_backup', 'count', 'data.people_counting_raw', 'backup_id', 3),
  (24, 'regional_counts', 'count', 'data.regional_counting_raw', 'id', 1),
  (41, 'hourly_summary', 'derived', 'data.hourly_analytics', 'id', null),
  (42, 'daily_summary', 'derived', 'data.daily_analytics', 'id', null),
  (43, 'weekly_summary', 'derived', 'api.store_weekly', 'id', null),
  (44, 'monthly_summary', 'derived', 'api.analytics_unified() by month', 'id', null),
  (45, 'store_totals', 'derived', 'api.analytics_unified() of a store', 'store_id', null),
  (46, 'latest_readings', 'derived', 'api.latest_sensor_data', 'sensor_id', null),
  (61, 'sensor_config', 'kept', 'free text; what matters is told by gateways', 'id', null),
  (62, 'user_preferences', 'kept', 'no counterpart but time zone and mail, which people set themselves', 'id', null),
  (63, 'queue_analytics', 'kept', 'no counterpart: queues are not counted any more', 'id', null),
  (64, 'customer_journeys', 'kept', 'no counterpart: nobody is followed any more', 'id', null),
  (65, 'heatmap_temporal_raw', 'kept', 'no counterpart: cells are no lines or regions', 'id', null),
  (66, 'heatmap_daily', 'kept', 'no counterpart', 'id', null),
  (67, 'vca_alarm_status', 'kept', 'a camera''s state of the moment; gateways tell health', 'sensor_id', null),
  (68, 'sensor_status_log', 'kept', 'history of health; from now on alerts', 'id', null),
  (69, 'ingestion_log', 'kept', 'history; from now on private.imports', 'id', null),
  (70, 'api_keys', 'kept', 'credentials; cards enrol anew (schema/ENROL.md)', 'id', null),
  (71, 'dashboard_widgets', 'kept', 'the old dashboard''s own', 'id', null),
  (72, 'store_hours', 'kept', 'free text; to be written as opening_hours by a person', 'id', null),
  (73, 'temp_import_2024', 'kept', 'nobody knows', 'id', null);

-- Rules that a DBA may change before the start, or change and "recheck".
create table legacy_migration.conflict_rules (
  rank        smallint primary key check (rank between 1 and 4),
  rule        text not null unique check (rule in ('preferred_table', 'newest_arrival', 'highest_id', 'largest_count')),
  description text not null
);
comment on table legacy_migration.conflict_rules is 'Which of several rows that say something else of the same sensor, line and instant is believed: the first rule that tells them apart';
insert into legacy_migration.conflict_rules values
  (1, 'preferred_table', 'The table with the lower sources.preference: people_counting_data, then sensor_data, then the backup'),
  (2, 'newest_arrival', 'Within a table what came last (created_at, received); rows without that come before all others'),
  (3, 'highest_id', 'Then what was written last');

create table legacy_migration.zones (
  typed    text primary key,
  timezone text not null
);
comment on table legacy_migration.zones is 'What people typed as a time zone, and what it means. A store whose zone is neither here nor IANA''s waits in the report.';
insert into legacy_migration.zones values ('Berlin', 'Europe/Berlin'), ('London', 'Europe/London'), ('New York', 'America/New_York'), ('EST5EDT', 'America/New_York');

create table legacy_migration.user_roles (
  old_role text primary key,
  role     text not null
);
comment on table legacy_migration.user_roles is 'Old roles and what they may do from now on; a user with another one waits in the report';
insert into legacy_migration.user_roles values
  ('admin', 'organization_administrator'), ('manager', 'regional_manager'), ('staff', 'store_staff'), ('viewer', 'store_staff');

-- What became of rows of kind place and alert.
create table legacy_migration.entities (
  source    smallint not null,
  source_id bigint not null,
  target_id bigint,
  target    uuid,
  outcome   text not null check (outcome in ('created', 'adopted', 'duplicate', 'returned')),
  of_id     bigint,
  primary key (source, source_id)
);
create index entities_target on legacy_migration.entities (source, target_id);
comment on table legacy_migration.entities is 'Old places, people and alerts and what they became. adopted: was there before. duplicate: the same as of_id. returned: made in the new schema and written back.';
create table legacy_migration.doors (
  old_id    integer primary key,
  serial    text not null,
  sensor_id integer not null,
  store_id  integer not null,
  timezone  text not null
);
create index doors_serial on legacy_migration.doors (serial);
create index doors_sensor on legacy_migration.doors (sensor_id);
comment on table legacy_migration.doors is 'Old sensors by id and serial, and where their counts go';
create table legacy_migration.areas (
  old_id    integer primary key,
  region    text not null,
  sensor_id integer not null,
  store_id  integer not null,
  timezone  text not null
);
create index areas_sensor on legacy_migration.areas (sensor_id, region);
comment on table legacy_migration.areas is 'Old regions, and where their counts go';

-- A row of a table of counts, understood or not.
create type legacy_migration.claim as (
  source smallint, source_id bigint, problem text, ref text, note text, store_id integer, sensor_id integer, regional boolean, label text,
  started_at timestamptz, duration_ms bigint, count_in integer, count_out integer, occupancy integer, flags smallint, arrived_at timestamptz);
create type legacy_migration.place_in_time as (store_id integer, slot smallint, started_at timestamptz);

-- Every row of a table of counts that was understood, and what became of it: taken, or why not.
create table legacy_migration.ledger (
  started_at  timestamptz(3) not null,
  arrived_at  timestamptz,
  source_id   bigint not null,
  duration_ms bigint not null,
  store_id    integer not null,
  count_in    integer,
  count_out   integer,
  occupancy   integer,
  source      smallint not null,
  slot        smallint not null,
  flags       smallint not null,
  outcome     text not null default 'taken' check (outcome in ('taken', 'duplicate', 'conflict', 'outranked', 'returned')),
  primary key (source, source_id)
);
create index ledger_key on legacy_migration.ledger (store_id, slot, started_at);
comment on table legacy_migration.ledger is
  'Rows of counts by the key they have in the new schema. taken: stands there. duplicate: says the same as the one taken. conflict: said something else and lost. '
  'outranked: a gateway has counted there. returned: written back from there.';

create table legacy_migration.report (
  source    smallint not null,
  source_id bigint not null,
  reason    text not null,
  left_out  boolean not null,
  ref       text,
  detail    text,
  at        timestamptz not null default now(),
  primary key (source, source_id, reason)
);
create index report_ref on legacy_migration.report (ref) where ref is not null;
comment on table legacy_migration.report is 'Rows that are not in the new schema and why (left_out), and remarks on rows that are. ref: what would have to appear for another try.';

create table legacy_migration.decisions (
  store_id       integer not null,
  slot           smallint not null,
  started_at     timestamptz(3) not null,
  winner_source  smallint not null,
  winner_id      bigint not null,
  rule           text not null,
  claims         integer not null,
  decided_at     timestamptz not null default now(),
  primary key (store_id, slot, started_at)
);
comment on table legacy_migration.decisions is 'Every key for which old rows said different things: which was believed, and by which rule. The losers stand in report.';

-- What happened meanwhile, on either side. Written by triggers in the transaction of the change, worked off in order.
create table legacy_migration.changes (
  n         bigint generated always as identity primary key,
  source    smallint not null,
  source_id bigint not null
);
comment on table legacy_migration.changes is 'Old rows that changed and are to be looked at again';
create table legacy_migration.returns (
  n          bigint generated always as identity primary key,
  kind       text not null,
  id         bigint,
  person     uuid,
  store_id   integer,
  slot       smallint,
  started_at timestamptz
);
comment on table legacy_migration.returns is 'Rows of the new schema that changed and are to be written back to the old tables';

create table legacy_migration.locks (
  n         bigint generated always as identity primary key,
  at        timestamptz not null default now(),
  relation  text not null,
  mode      text not null,
  what      text not null,
  tries     integer not null,
  waited_ms numeric not null,
  held_ms   numeric not null
);
comment on table legacy_migration.locks is 'Every lock on an old or a new table that stops others: how often it was tried, the longest wait (others queue behind it), how long it was held';

create table legacy_migration.proofs (
  n          bigint generated always as identity primary key,
  at         timestamptz not null default now(),
  what       text not null,
  rows       bigint not null,
  wrong      bigint not null,
  detail     text
);
comment on table legacy_migration.proofs is 'What proofs came to';

create function legacy_migration.phase() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (select s.phase from legacy_migration.state s);
end $$;
comment on function legacy_migration.phase() is 'Where the migration stands; null before it starts';

create function legacy_migration.complain(its_source integer, its_id bigint, its_reason text, its_detail text default null, its_ref text default null,
                                          is_left_out boolean default true) returns void
language plpgsql volatile as $$
begin
  insert into legacy_migration.report (source, source_id, reason, left_out, ref, detail)
  values (its_source, its_id, its_reason, is_left_out, its_ref, left(its_detail, 500))
  on conflict (source, source_id, reason) do update set left_out = excluded.left_out, ref = excluded.ref, detail = excluded.detail, at = now();
end $$;
comment on function legacy_migration.complain(integer, bigint, text, text, text, boolean) is 'Puts a row into the report';

create function legacy_migration.ask_again(wanted text) returns void
language sql volatile as $$
  insert into legacy_migration.changes (source, source_id) select r.source, r.source_id from legacy_migration.report r where r.ref = wanted;
$$;
comment on function legacy_migration.ask_again(text) is 'Rows that waited for something are looked at again';
