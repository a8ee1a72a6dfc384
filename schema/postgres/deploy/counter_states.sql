-- Deploy lintel:counter_states to pg
-- requires: stores
-- Where the running totals of devices stood when their gateway last said so. A new card goes on from there (schema/SYNC.md).

begin;
set local role lintel_owner;

create table private.counter_states (
  store_id   integer not null references data.stores (id) on delete cascade,
  sensor_id  integer not null,
  line       text collate "C" not null check (length(line) <= 64),
  gateway_id bigint not null,
  epoch      smallint not null check (epoch > 0),
  change_no  bigint not null check (change_no >= 0),
  total_at   timestamptz(3) not null,
  serial     text not null,
  state      jsonb not null check (jsonb_typeof(state) = 'object'),
  handed     jsonb,
  primary key (store_id, sensor_id, line)
) with (fillfactor = 70);  -- room for a row to be rewritten in the same page
comment on table private.counter_states is
  'The last accepted totals of each series, as its gateway told them together with every reading that led to them';
comment on column private.counter_states.store_id is 'The store';
comment on column private.counter_states.sensor_id is 'The sensor';
comment on column private.counter_states.line is 'Line; empty for the whole device';
comment on column private.counter_states.gateway_id is 'The gateway that told it';
comment on column private.counter_states.epoch is 'Ordinal of the epoch that told it; orders before change_no';
comment on column private.counter_states.change_no is 'HQ holds every reading of that epoch up to this number, and the totals contain those and no others';
comment on column private.counter_states.total_at is 'When the totals were accepted: readings of the series that start later are not in them';
comment on column private.counter_states.serial is 'The device whose totals they are';
comment on column private.counter_states.state is 'The totals, in the words of the request; only gateways read it';
comment on column private.counter_states.handed is
  'What HQ held after them when the series passed to another card or gateway: readings, counts, flags, last end. Null while the teller goes on.';
alter table private.counter_states enable row level security;

notify pgrst, 'reload schema';
commit;
