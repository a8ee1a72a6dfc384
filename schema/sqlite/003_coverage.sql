-- When series were counting: spans of one series that never overlap; what lies between them nobody knows.
-- The key starts with the end: spans that grow lie side by side at the end of the table, so a commit
-- writes one page for all series together. HQ keeps its side in private.coverage.
create table coverage (
  to_at     integer not null,
  sensor_id integer not null,
  regional  integer not null check (regional in (0, 1)),  -- whether label is a region
  label     text not null,                                -- line or region; empty for the whole device
  from_at   integer not null,
  state     text not null check (state in ('counting', 'down', 'unknown')),  -- unknown: said before, and taken back
  revision  integer not null check (revision > 0),        -- order of the last change, over all series
  primary key (to_at, sensor_id, regional, label),
  check (from_at < to_at)
) strict, without rowid;
create index coverage_taken_back on coverage (revision) where state = 'unknown';

-- Highest revision of a span that is new or has become another one: growth alone is no news for HQ.
alter table writer_state add column coverage_news integer not null default 0;
alter table sync_state add column coverage_told integer not null default 0;  -- HQ knows every revision up to here
alter table sync_state add column coverage_refused text;                     -- what HQ left out of what it was told last
