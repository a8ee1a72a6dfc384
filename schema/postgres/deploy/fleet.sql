-- Deploy lintel:fleet to pg
-- requires: alert_lifecycle
-- requires: outbox
-- What happens without any request from a store. Every minute, by pg_cron or by cron with psql:
--   call private.watch_fleet();
-- When a network fails, 20,000 gateways fall silent in the same minute. They are gone through in ranges of their ids, each
-- a transaction of its own, so that one which is back does not wait for all the others.

begin;
set local role lintel_owner;

create table private.fleet_evaluation (
  id           smallint primary key default 1 check (id = 1),
  evaluated_at timestamptz not null,
  took_ms      integer not null check (took_ms >= 0),
  silent       integer not null check (silent >= 0),
  returned     integer not null check (returned >= 0),
  hushed       integer not null check (hushed >= 0),
  escalated    integer not null check (escalated >= 0)
) with (fillfactor = 50);
comment on table private.fleet_evaluation is 'The last run of evaluate_fleet(), one row: who reads it sees that the job still runs';
comment on column private.fleet_evaluation.id is 'Always 1';
comment on column private.fleet_evaluation.evaluated_at is 'When';
comment on column private.fleet_evaluation.took_ms is 'How long it took';
comment on column private.fleet_evaluation.silent is 'Gateways that were found to have fallen silent';
comment on column private.fleet_evaluation.returned is 'Alerts that ended because a gateway was back or gone for good';
comment on column private.fleet_evaluation.hushed is 'Alerts that a silent gateway superseded';
comment on column private.fleet_evaluation.escalated is 'Alerts that became critical';
alter table private.fleet_evaluation enable row level security;
revoke all on private.fleet_evaluation from public, anon, authenticated, lintel_gateway, lintel_hq;

-- Columns, not functions: the sweep asks them of 20,000 gateways at once.
create view private.gateway_watch as
  select g.id, g.organization_id, g.store_id, g.name, g.version, g.last_seen_at, g.offline_since,
         s.name as store_name, s.timezone, s.settings as store_settings, s.node_id,
         g.deleted_at is null and s.deleted_at is null and g.lifecycle not in ('completed', 'cancelled', 'archived')
           and s.lifecycle not in ('completed', 'cancelled', 'archived') as watched,
         (private.alert_rule_defaults() -> 'gateway_silent')
           || coalesce(s.settings #> '{alert_rules,gateway_silent}', private.node_rule(n.path, 'gateway_silent'), '{}') as rule
    from data.gateways g
    join data.stores s on s.id = g.store_id
    join data.organizations n on n.id = s.node_id;
comment on view private.gateway_watch is 'Gateways, whether they are watched, and the rule gateway_silent as it holds for them';
revoke all on private.gateway_watch from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.mark_silent(first bigint, last bigint) returns integer
language plpgsql volatile as $$
declare
  marked integer;
  -- No rule may be shorter, so nothing younger is looked at.
  shortest constant interval := (select make_interval(mins => min(g.lowest)::integer) from private.alert_rule_grammar() g
                                  where g.rule = 'gateway_silent' and g.key = 'minutes');
begin
  with late as materialized (
    select w.id, w.last_seen_at, w.rule from private.gateway_watch w
     where w.id between first and last and w.watched and w.offline_since is null and w.last_seen_at < now() - shortest
  ), locked as (
    -- One that is being served at this moment is not silent.
    select g.id from data.gateways g join late l on l.id = g.id
     where g.last_seen_at = l.last_seen_at
       and l.last_seen_at < now() - make_interval(mins => (l.rule ->> 'minutes')::integer)
       for no key update of g skip locked
  )
  update data.gateways g set status = 'offline', offline_since = g.last_seen_at from locked l where g.id = l.id;
  get diagnostics marked = row_count;
  return marked;
end $$;
comment on function private.mark_silent(bigint, bigint) is 'Sets gateways offline that were not heard for longer than their store''s rule says';

create function private.open_silent(first bigint, last bigint) returns integer
language plpgsql volatile as $$
declare
  opened integer;
begin
  with offline as materialized (
    select w.id from private.gateway_watch w
     where w.id between first and last and w.watched and w.offline_since is not null
       and w.id not in (select a.gateway_id from data.alerts a
                         where a.ended_at is null and a.kind = 'gateway_silent' and a.gateway_id between first and last)
  ), found as materialized (
    select w.* from offline o join private.gateway_watch w on w.id = o.id
  )
  insert into data.alerts (organization_id, store_id, gateway_id, kind, dedup_key, severity, message, details, opened_at)
  select w.organization_id, w.store_id, w.id, 'gateway_silent', 'gateway_silent:' || w.id, w.rule ->> 'severity',
         format('Gateway "%s" of store "%s" has been silent since %s. Its counts are kept there; check its power and the store''s network.',
                w.name, w.store_name, to_char(w.offline_since at time zone w.timezone, 'YYYY-MM-DD HH24:MI')),
         jsonb_build_object('since', w.offline_since, 'version', w.version), now()
    from found w
   where (w.rule ->> 'enabled')::boolean
     and case when (w.rule ->> 'while_closed')::boolean then true else private.is_open(private.opening_hours(w.store_settings, w.node_id), w.timezone, now()) end
   order by w.store_id, w.id
  on conflict (store_id, dedup_key) where ended_at is null do nothing;
  get diagnostics opened = row_count;
  return opened;
end $$;
comment on function private.open_silent(bigint, bigint) is 'Opens gateway_silent for gateways that are offline and have none';

-- A gateway that says nothing says more than its sensors; a store is deaf when all its gateways are.
create function private.hush_sensors(first bigint, last bigint) returns integer
language plpgsql volatile as $$
begin
  return private.end_alerts(array(
    select a.id
      from data.alerts a
      join data.gateways g on g.id = a.gateway_id
     where a.ended_at is null and a.gateway_id between first and last
       and a.kind <> 'gateway_silent' and a.sensor_id is not null and g.offline_since is not null
       for no key update of a skip locked), 'superseded');
end $$;
comment on function private.hush_sensors(bigint, bigint) is 'Supersedes the alerts of sensors whose gateway is silent';

create function private.hush_stores(most integer) returns integer
language plpgsql volatile as $$
begin
  return private.end_alerts(array(
    select a.id
      from data.alerts a
     where a.ended_at is null and a.kind = 'no_people'
       and not exists (select from data.gateways g where g.organization_id = a.organization_id and g.store_id = a.store_id
                          and g.offline_since is null and g.deleted_at is null and g.lifecycle not in ('completed', 'cancelled', 'archived'))
     limit most
       for no key update of a skip locked), 'superseded');
end $$;
comment on function private.hush_stores(integer) is 'Supersedes the alerts of stores all of whose gateways are silent, at most so many';

create function private.end_over(first bigint, last bigint) returns integer
language plpgsql volatile as $$
begin
  return private.end_alerts(array(
    select a.id
      from data.alerts a
      join data.stores s on s.id = a.store_id
      join private.gateway_watch w on w.id = a.gateway_id
     where a.ended_at is null and a.gateway_id between first and last
       and (a.kind = 'gateway_silent' and w.offline_since is null or not w.watched
            or s.deleted_at is not null or s.lifecycle in ('completed', 'cancelled', 'archived'))
       for no key update of a skip locked), 'ended');
end $$;
comment on function private.end_over(bigint, bigint) is 'Ends gateway_silent where the gateway is back, and everything of gateways that are gone for good';

create function private.end_stores_over(most integer) returns integer
language plpgsql volatile as $$
begin
  return private.end_alerts(array(
    select a.id
      from data.alerts a
      join data.stores s on s.id = a.store_id
     where a.ended_at is null and a.gateway_id is null
       and (a.kind = 'gateway_silent' or s.deleted_at is not null or s.lifecycle in ('completed', 'cancelled', 'archived'))
     limit most
       for no key update of a skip locked), 'ended');
end $$;
comment on function private.end_stores_over(integer) is 'Ends what is about no gateway any more, of stores that are gone for good, at most so many';

create type private.fleet_counts as (silent integer, returned integer, hushed integer, escalated integer, more boolean);
comment on type private.fleet_counts is 'What a step of evaluating the fleet found, and whether there may be more of it';

create function private.next_gateway(after bigint, many integer) returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
return (select max(r.id) from (select g.id from data.gateways g where g.id > after order by g.id limit many) as r);
comment on function private.next_gateway(bigint, integer) is 'The last of so many gateways after one, by id; null behind the last';

create function private.evaluate_gateways(first bigint, last bigint) returns private.fleet_counts
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  counts private.fleet_counts;
begin
  perform private.mark_silent(first, last);
  counts.silent := private.open_silent(first, last);
  counts.hushed := private.hush_sensors(first, last);
  counts.returned := private.end_over(first, last);
  counts.escalated := 0;
  return counts;
end $$;
comment on function private.evaluate_gateways(bigint, bigint) is 'Gateways of a range of ids that fell silent or are back, and what that explains';

create function private.evaluate_stores(most integer) returns private.fleet_counts
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  counts private.fleet_counts;
begin
  counts.silent := 0;
  counts.hushed := private.hush_stores(most);
  counts.returned := private.end_stores_over(most);
  counts.escalated := private.escalate_alerts(most);
  counts.more := greatest(counts.hushed, counts.returned, counts.escalated) >= most;
  return counts;
end $$;
comment on function private.evaluate_stores(integer) is 'What is not about single gateways, and what is open for too long: at most so many alerts of each kind';

create function private.note_evaluation(counts private.fleet_counts, began timestamptz) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.forget_outbox();
  insert into private.fleet_evaluation as e (evaluated_at, took_ms, silent, returned, hushed, escalated)
  values (now(), greatest(extract(epoch from clock_timestamp() - began) * 1000, 0), counts.silent, counts.returned, counts.hushed, counts.escalated)
  on conflict on constraint fleet_evaluation_pkey do update
    set evaluated_at = excluded.evaluated_at, took_ms = excluded.took_ms, silent = excluded.silent,
        returned = excluded.returned, hushed = excluded.hushed, escalated = excluded.escalated;
end $$;
comment on function private.note_evaluation(private.fleet_counts, timestamptz) is 'Puts a run on record, once it is over';

create function private.evaluate_fleet()
returns table (silent integer, returned integer, hushed integer, escalated integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  gateways private.fleet_counts;
  counts   private.fleet_counts;
begin
  -- One at a time; who comes while another runs has nothing to do.
  if not pg_try_advisory_xact_lock(hashtext('lintel.evaluate_fleet')) then
    return;
  end if;
  gateways := private.evaluate_gateways(0, 9223372036854775807);
  counts := private.evaluate_stores(2147483647);
  counts := (gateways.silent, gateways.returned + counts.returned, gateways.hushed + counts.hushed, counts.escalated, false);
  perform private.note_evaluation(counts, now());
  return query select counts.silent, counts.returned, counts.hushed, counts.escalated;
end $$;
comment on function private.evaluate_fleet() is
  'Finds stores that fell silent or are back, hushes what that explains, escalates: all in one transaction, whose locks last as long. A second call at the same time returns no row.';

-- Transactions of its own forbid settings of its own: every name is qualified, and what it calls pins its search path.
create procedure private.watch_fleet(batch integer default 500)
language plpgsql as $$
declare
  began    constant timestamptz := clock_timestamp();
  reached  bigint := 0;
  last     bigint;
  step     private.fleet_counts;
  counts   private.fleet_counts := (0, 0, 0, 0, true);
begin
  if batch is null or batch < 1 then
    raise invalid_parameter_value using message = format('batch is %s, but must be at least 1', coalesce(batch::text, 'null'));
  end if;
  while counts.more loop
    -- One at a time. Each transaction asks anew, since its end gives the lock back.
    if not pg_try_advisory_xact_lock(hashtext('lintel.evaluate_fleet')) then
      return;
    end if;
    last := private.next_gateway(reached, batch);
    if last is not null then
      step := private.evaluate_gateways(reached + 1, last);
      reached := last;
    else
      step := private.evaluate_stores(batch);
      counts.more := step.more;
    end if;
    counts := (counts.silent + step.silent, counts.returned + step.returned, counts.hushed + step.hushed,
               counts.escalated + step.escalated, counts.more);
    commit;
  end loop;
  perform private.note_evaluation(counts, began);
end $$;
comment on procedure private.watch_fleet(integer) is
  'What evaluate_fleet() does, batch gateways a transaction. Call it every minute, outside of a transaction; a second one at the same time stops.';
revoke all on function private.mark_silent(bigint, bigint), private.open_silent(bigint, bigint), private.hush_sensors(bigint, bigint),
  private.hush_stores(integer), private.end_over(bigint, bigint), private.end_stores_over(integer),
  private.next_gateway(bigint, integer), private.evaluate_gateways(bigint, bigint), private.evaluate_stores(integer), private.note_evaluation(private.fleet_counts, timestamptz),
  private.evaluate_fleet() from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on procedure private.watch_fleet(integer) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
