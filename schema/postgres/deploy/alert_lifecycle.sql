-- Deploy lintel:alert_lifecycle to pg
-- requires: alerts
-- requires: alert_rules
-- requires: partitions
-- How alerts open, escalate and end. What runs by machine never waits for a row that somebody holds: it skips
-- it and comes back a minute later.

begin;
set local role lintel_owner;

create table private.rule_failures (
  store_id integer not null,
  rule     text not null check (length(rule) <= 100),
  failures integer not null default 1 check (failures > 0),
  first_at timestamptz not null default now(),
  last_at  timestamptz not null default now(),
  sqlstate text not null,
  message  text not null,
  primary key (store_id, rule),
  foreign key (store_id) references data.stores (id) on delete cascade
) with (fillfactor = 70);
comment on table private.rule_failures is 'Rules that raised an error while they were evaluated: the store''s readings were taken all the same';
comment on column private.rule_failures.store_id is 'The store';
comment on column private.rule_failures.rule is 'The rule, or the part of the work after the counts';
comment on column private.rule_failures.failures is 'How often';
comment on column private.rule_failures.first_at is 'First time';
comment on column private.rule_failures.last_at is 'Last time';
comment on column private.rule_failures.sqlstate is 'Code of the last error';
comment on column private.rule_failures.message is 'The last error';
alter table private.rule_failures enable row level security;
revoke all on private.rule_failures from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.note_rule_failure(store_id integer, rule text, code text, message text) returns void
language sql volatile
begin atomic
  insert into private.rule_failures as f (store_id, rule, sqlstate, message)
  values (note_rule_failure.store_id, note_rule_failure.rule, code, left(note_rule_failure.message, 2000))
  on conflict (store_id, rule) do update
    set failures = f.failures + 1, last_at = excluded.last_at, sqlstate = excluded.sqlstate, message = excluded.message;
end;
comment on function private.note_rule_failure(integer, text, text, text) is 'Records that a rule could not be evaluated';

create type private.finding as
  (dedup_key text, sensor_id integer, region text, firing boolean, message text, details jsonb);
comment on type private.finding is
  'What a rule finds of one thing. firing: true opens, false ends, null (cannot be told now) leaves it as it is';

create function private.severity_rank(severity text) returns integer
language sql immutable
return array_position(array['info', 'warning', 'critical'], severity);
comment on function private.severity_rank(text) is 'Orders severities';

create function private.end_alerts(ids bigint[], how text) returns integer
language plpgsql volatile as $$
declare
  ended integer;
begin
  -- One that a person resolved keeps who and when; only its condition is over now.
  update data.alerts a
     set ended_at = now(), state = 'resolved', resolved_at = coalesce(a.resolved_at, now()),
         resolution = coalesce(a.resolution, how)
   where a.id = any (ids) and a.ended_at is null;
  get diagnostics ended = row_count;
  return ended;
end $$;
comment on function private.end_alerts(bigint[], text) is 'The condition of these alerts is over. Returns how many there were.';

create function private.apply_findings(store data.stores, gateway_id bigint, rule text, setting jsonb, opens boolean,
                                       findings private.finding[]) returns void
language plpgsql volatile as $$
declare
  over bigint[];
begin
  if opens and exists (select from unnest(findings) f where f.firing) then
    insert into data.alerts (organization_id, store_id, gateway_id, sensor_id, region, kind, dedup_key, severity,
                             message, details, opened_at)
    select store.organization_id, store.id, apply_findings.gateway_id, f.sensor_id, f.region, rule, f.dedup_key,
           setting ->> 'severity', left(f.message, 2000), f.details, now()
      from unnest(findings) as f
     where f.firing
     order by f.dedup_key
    on conflict (store_id, dedup_key) where ended_at is null do nothing;
  end if;
  -- What is not found any more is over, like what is found not to be so.
  select array_agg(a.id) into over
    from (select a.id from data.alerts a
           where a.store_id = store.id and a.ended_at is null and a.kind = rule
             and a.gateway_id is not distinct from apply_findings.gateway_id
             and not exists (select from unnest(findings) f where f.dedup_key = a.dedup_key and f.firing is distinct from false)
             for no key update skip locked) as a;
  if over is not null then
    perform private.end_alerts(over, 'ended');
  end if;
end $$;
comment on function private.apply_findings(data.stores, bigint, text, jsonb, boolean, private.finding[]) is
  'Opens what a rule found of a gateway''s share of the store (of the whole store without a gateway), ends what it no longer finds';

create function private.escalate_alerts(most integer) returns integer
language plpgsql volatile as $$
declare
  raised integer;
  due    bigint[];
begin
  due := array(
    select w.id
    from (select a.id, a.opened_at, s.timezone, s.settings, s.node_id,
                 (private.alert_rule_defaults() -> a.kind)
                   || coalesce(s.settings -> 'alert_rules' -> a.kind, private.node_rule(n.path, a.kind), '{}') as rule
            from data.alerts a
            join data.stores s on s.id = a.store_id
            join data.organizations n on n.id = s.node_id
           where a.ended_at is null and a.state = 'open' and a.severity <> 'critical'
             and private.alert_rule_defaults() ? a.kind offset 0) as w
   where (w.rule ->> 'escalate_minutes')::integer between 1 and extract(epoch from now() - w.opened_at) / 60
     and case when (w.rule ->> 'while_closed')::boolean then true else private.is_open(private.opening_hours(w.settings, w.node_id), w.timezone, now()) end
   limit most);
  -- Reached by key: after a bad minute nobody has counted the table's rows yet, and a join would be planned for few.
  with held as (
    select a.id from data.alerts a
     where a.id = any (due) and a.ended_at is null and a.state = 'open'
       for no key update skip locked
  )
  update data.alerts a set severity = 'critical', escalated_at = now() where a.id = any (array(select h.id from held h));
  get diagnostics raised = row_count;
  return raised;
end $$;
comment on function private.escalate_alerts(integer) is
  'Makes critical what has been open longer than its rule allows and nobody acknowledged, at most so many. Returns how many.';

revoke all on function private.note_rule_failure(integer, text, text, text), private.severity_rank(text),
  private.end_alerts(bigint[], text), private.escalate_alerts(integer),
  private.apply_findings(data.stores, bigint, text, jsonb, boolean, private.finding[])
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
