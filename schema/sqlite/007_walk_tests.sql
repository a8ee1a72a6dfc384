-- Walk tests: somebody walks through a door and compares (gateway/walk). Signed, it is an acceptance for HQ.
create table walk_tests (
  id         text primary key,  -- uuid, by which HQ takes each once
  sensor_id  integer not null references sensor_metadata (id) on delete cascade,
  line       text not null,
  times      integer not null check (times > 0),  -- to be walked in, and out
  step       text not null check (step in ('in', 'after_in', 'out', 'after_out', 'done', 'signed')),
  began_at   integer not null,
  pressed_at integer not null,           -- when this step began
  heard_at   integer not null,           -- newest data of the sensor that was seen in this step
  heard      integer not null default 0, -- messages of the sensor that were seen in this step
  in_after   integer not null,           -- readings with higher numbers are of walking in,
  out_after  integer,                    -- and with higher ones than this of walking out
  ended_at   integer,
  in_in      integer, in_out  integer,   -- what was counted while walking in; kept when the test is over
  out_in     integer, out_out integer,
  verdict    text check (verdict in ('passed', 'failed')),
  signed_by  text,
  signed_at  integer,
  note       text not null default '',
  revision   integer unique,             -- order of signing; HQ is told by it
  refused    text                        -- why HQ would not take it
) strict, without rowid;
alter table sync_state add column acceptances_told integer not null default 0;  -- HQ knows every revision up to here
