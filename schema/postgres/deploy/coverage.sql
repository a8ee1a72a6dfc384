-- Deploy lintel:coverage to pg
-- requires: stores
-- What gateways know of when their sensors were counting. What nobody stated is unknown, which is not the same as not counting.

begin;
set local role lintel_owner;

create table private.coverage (
  store_id  integer not null references data.stores (id) on delete cascade,
  sensor_id integer not null,
  regional  boolean not null,
  label     text collate "C" not null check (length(label) <= 64),
  from_at   timestamptz(3) not null,
  to_at     timestamptz(3) not null,
  state     text not null check (state in ('counting', 'down', 'unknown')),
  epoch     smallint not null check (epoch > 0),
  revision  bigint not null check (revision >= 0),
  primary key (store_id, sensor_id, regional, label, from_at),
  constraint coverage_length check (from_at < to_at)
);
comment on table private.coverage is 'Spans in which a series was counting or down. Spans of one series never overlap; what is between them is unknown.';
comment on column private.coverage.store_id is 'The store';
comment on column private.coverage.sensor_id is 'The sensor';
comment on column private.coverage.regional is 'Whether label is a region';
comment on column private.coverage.label is 'Line or region; empty for the whole device';
comment on column private.coverage.from_at is 'First instant of the span';
comment on column private.coverage.to_at is 'First instant after it';
comment on column private.coverage.state is 'counting: whoever passed was counted; down: known not to have been counting; unknown: stated before, and taken back';
comment on column private.coverage.epoch is 'Ordinal of the epoch that stated it; orders before revision';
comment on column private.coverage.revision is 'Order of the statement inside its epoch; a newer one replaces what it overlaps';
alter table private.coverage enable row level security;

-- Statements are laid over each other like sheets of paper, the newest on top. In whatever order they come
-- and however often, the picture is the same.
create function private.put_coverage(store_id integer, sensor_id integer, regional boolean, label text, span tstzrange,
                                     state text, epoch smallint, revision bigint) returns void
language plpgsql volatile as $$
declare
  -- Spans do not overlap, so the last that starts at or before this one is the first that can reach into it.
  first_at timestamptz := coalesce(
    (select max(c.from_at) from private.coverage c
      where c.store_id = put_coverage.store_id and c.sensor_id = put_coverage.sensor_id and c.regional = put_coverage.regional
        and c.label = put_coverage.label and c.from_at <= lower(span)), lower(span));
  shown    tstzmultirange;
begin
  select tstzmultirange(span) - coalesce(range_agg(tstzrange(c.from_at, c.to_at)), '{}') into shown
    from private.coverage c
   where c.store_id = put_coverage.store_id and c.sensor_id = put_coverage.sensor_id and c.regional = put_coverage.regional
     and c.label = put_coverage.label and c.from_at >= first_at and c.from_at < upper(span) and c.to_at > lower(span)
     and (c.epoch, c.revision) > (put_coverage.epoch, put_coverage.revision);

  with covered as (
    delete from private.coverage c
     where c.store_id = put_coverage.store_id and c.sensor_id = put_coverage.sensor_id and c.regional = put_coverage.regional
       and c.label = put_coverage.label and c.from_at >= first_at and c.from_at < upper(span) and c.to_at > lower(span)
       and (c.epoch, c.revision) <= (put_coverage.epoch, put_coverage.revision)
    returning c.from_at, c.to_at, c.state, c.epoch, c.revision
  )
  insert into private.coverage (store_id, sensor_id, regional, label, from_at, to_at, state, epoch, revision)
  select put_coverage.store_id, put_coverage.sensor_id, put_coverage.regional, put_coverage.label,
         lower(piece), upper(piece), c.state, c.epoch, c.revision
    from covered c, unnest(tstzmultirange(tstzrange(c.from_at, c.to_at)) - tstzmultirange(span)) as piece
  union all
  select put_coverage.store_id, put_coverage.sensor_id, put_coverage.regional, put_coverage.label,
         lower(piece), upper(piece), put_coverage.state, put_coverage.epoch, put_coverage.revision
    from unnest(shown) as piece;
end $$;
comment on function private.put_coverage(integer, integer, boolean, text, tstzrange, text, smallint, bigint) is
  'Lays a statement over what was stated before. The caller holds the gateway''s row, so nobody else writes its series.';
revoke all on function private.put_coverage(integer, integer, boolean, text, tstzrange, text, smallint, bigint)
  from public, anon, authenticated, lintel_gateway;

notify pgrst, 'reload schema';
commit;
