-- From claims to raw rows: every claim into the ledger, of each key the best into the new tables, by the functions a sync uses.

create function legacy_migration.make_slots(claims legacy_migration.claim[]) returns void
language plpgsql volatile as $$
declare
  place record;
begin
  for place in
    select c.store_id, array_agg(row(0, 0, c.regional, c.sensor_id, c.label, now(), 0, 0, null, null, null, 0, 1, null)::private.reading) as readings
      from (select distinct x.store_id, x.sensor_id, x.regional, x.label from unnest(claims) as x where x.problem is null) as c
     where not exists (select from private.slots t where t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional = c.regional and t.label = c.label and t.seq = 0)
     group by c.store_id order by c.store_id
  loop
    perform private.with_slots(place.store_id, place.readings);
  end loop;
end $$;
comment on function legacy_migration.make_slots(legacy_migration.claim[]) is 'Numbers for lines and regions that the new schema does not know yet';

create function legacy_migration.rule_value(rule text, preference smallint, arrived_at timestamptz, source_id bigint, people integer) returns double precision
language sql stable
return case rule when 'preferred_table' then preference::double precision
                 when 'newest_arrival' then -coalesce(date_part('epoch', arrived_at), 0)
                 when 'highest_id' then -source_id::double precision
                 when 'largest_count' then -people::double precision end;
comment on function legacy_migration.rule_value(text, smallint, timestamptz, bigint, integer) is 'What a rule says of a row: the lowest is believed';

create type legacy_migration.elected as (
  store_id integer, slot smallint, started_at timestamptz, place integer, claims integer, source smallint, source_id bigint, same boolean, rule text,
  winner_source smallint, winner_id bigint, duration_ms bigint, count_in integer, count_out integer, occupancy integer, flags smallint, outcome text);
comment on type legacy_migration.elected is 'A claim among those of its key: place 1 is believed; same: says what that one says; rule: what set it behind';
create type legacy_migration.counted as (store_id integer, reading private.reading);
comment on type legacy_migration.counted is 'A reading of a store';

-- Planned anew each time: the ledger grows from nothing to millions meanwhile. Rows of its_source from first_id to last_id may be
-- new; any other that was taken and still is stands in the new tables already, and is not brought there once more.
create function legacy_migration.elect(keys legacy_migration.place_in_time[], its_source smallint, first_id bigint, last_id bigint, out contested legacy_migration.elected[], out believed legacy_migration.counted[])
language plpgsql stable set plan_cache_mode = force_custom_plan as $$
declare
  rules text[] := array(select r.rule from legacy_migration.conflict_rules r order by r.rank);
begin
  with claims as materialized (
    select l.*, l.outcome <> 'taken' or l.source = its_source and l.source_id between first_id and last_id as newly,
           count(*) over (partition by l.store_id, l.slot, l.started_at) as claims
      from (select distinct k.store_id, k.slot, k.started_at from unnest(keys) as k) as k
     cross join lateral (select x.* from legacy_migration.ledger x where x.store_id = k.store_id and x.slot = k.slot and x.started_at = k.started_at offset 0) as l
  ), valued as (
    select c.*, legacy_migration.rule_value(rules[1], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v1,
           legacy_migration.rule_value(rules[2], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v2,
           legacy_migration.rule_value(rules[3], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v3,
           legacy_migration.rule_value(rules[4], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v4
      from claims c join legacy_migration.sources s on s.source = c.source where c.claims > 1 or c.outcome not in ('taken', 'returned')
  ), ranked as (
    select c.*, row_number() over w as place, first_value(c.source) over w as winner_source, first_value(c.source_id) over w as winner_id, first_value(c.count_in) over w as wi,
           first_value(c.count_out) over w as wo, first_value(c.occupancy) over w as wp, first_value(c.v1) over w as w1, first_value(c.v2) over w as w2, first_value(c.v3) over w as w3
      from valued c window w as (partition by c.store_id, c.slot, c.started_at order by c.v1, c.v2, c.v3, c.v4, c.source, c.source_id)
  ), first_ones as (
    select r.store_id, r.slot, r.started_at, r.duration_ms, r.count_in, r.count_out, r.occupancy, r.flags, r.outcome from ranked r where r.place = 1 and r.newly
    union all
    select c.store_id, c.slot, c.started_at, c.duration_ms, c.count_in, c.count_out, c.occupancy, c.flags, c.outcome from claims c where c.claims = 1 and c.outcome = 'taken' and c.newly
  )
  select (select array_agg(row(r.store_id, r.slot, r.started_at, r.place, r.claims, r.source, r.source_id, (r.count_in, r.count_out, r.occupancy) is not distinct from (r.wi, r.wo, r.wp),
             case when r.v1 is distinct from r.w1 then rules[1] when r.v2 is distinct from r.w2 then rules[2] when r.v3 is distinct from r.w3 then rules[3] else rules[4] end,
             r.winner_source, r.winner_id, r.duration_ms, r.count_in, r.count_out, r.occupancy, r.flags, r.outcome)::legacy_migration.elected) from ranked r),
         (select array_agg(row(f.store_id, row(0, f.k, t.regional, t.sensor_id, t.label, f.started_at, 0, f.duration_ms, f.count_in, f.count_out, f.occupancy, f.flags, 1, f.slot)::private.reading)::legacy_migration.counted)
            from (select x.*, row_number() over () as k from first_ones x where x.outcome <> 'returned') as f join private.slots t on t.store_id = f.store_id and t.slot = f.slot)
    into contested, believed;
end $$;
comment on function legacy_migration.elect(legacy_migration.place_in_time[], smallint, bigint, bigint) is 'All claims to those of some keys that several claim, the best first; and what is believed of each key that was not before';

-- Only keys with several claims have anything to decide.
create function legacy_migration.note_decisions(contested legacy_migration.elected[]) returns void
language plpgsql volatile set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  if contested is null then
    return;
  end if;
  update legacy_migration.ledger l set outcome = e.verdict
    from (select x.source, x.source_id, case when x.place = 1 then 'taken' when x.same then 'duplicate' else 'conflict' end as verdict from unnest(contested) as x
           where x.outcome <> 'returned') as e
   where l.source = e.source and l.source_id = e.source_id and l.outcome <> e.verdict;
  delete from legacy_migration.report r using unnest(contested) as e
   where r.source = e.source and r.source_id = e.source_id and r.reason in ('conflict', 'outranked')
     and e.outcome not in ('taken', 'duplicate') and (e.place = 1 or e.same);
  perform legacy_migration.complain(e.source, e.source_id, 'conflict',
            format('says %s, but %s %s is believed (%s)', coalesce(e.occupancy::text, format('in %s out %s', coalesce(e.count_in::text, '-'), coalesce(e.count_out::text, '-'))), s.name, e.winner_id, e.rule))
     from unnest(contested) as e join legacy_migration.sources s on s.source = e.winner_source
    where not e.same;
  delete from legacy_migration.decisions d
   using (select e.store_id, e.slot, e.started_at from unnest(contested) as e group by 1, 2, 3 having bool_and(e.same)) as k
   where d.store_id = k.store_id and d.slot = k.slot and d.started_at = k.started_at;
  insert into legacy_migration.decisions as d (store_id, slot, started_at, winner_source, winner_id, rule, claims)
  select distinct on (e.store_id, e.slot, e.started_at) e.store_id, e.slot, e.started_at, e.winner_source, e.winner_id, e.rule, e.claims
    from unnest(contested) as e where not e.same order by e.store_id, e.slot, e.started_at, e.place
  on conflict (store_id, slot, started_at) do update
    set winner_source = excluded.winner_source, winner_id = excluded.winner_id, rule = excluded.rule, claims = excluded.claims, decided_at = now()
  where (d.winner_source, d.winner_id, d.rule, d.claims) is distinct from (excluded.winner_source, excluded.winner_id, excluded.rule, excluded.claims);
end $$;
comment on function legacy_migration.note_decisions(legacy_migration.elected[]) is 'Records what became of claims to keys that several rows claim';

-- Each looked up by its key: a join would read all that the store has between the first and the last of them.
create function legacy_migration.differing(its_store integer, readings private.reading[]) returns private.reading[]
language plpgsql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  return array(
    select row(r.s, r.k, r.regional, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in, r.count_out, r.occupancy, r.flags,
               least(x.revision + 1, 32767), r.slot)::private.reading
      from unnest(readings) as r
     cross join lateral (select p.* from data.people_counting_raw p where p.store_id = its_store and p.slot = r.slot and p.started_at = r.started_at offset 0) as x
     where not r.regional and x.epoch = 0 and (x.duration_ms, x.count_in, x.count_out, x.flags) is distinct from (r.duration_ms, r.count_in, r.count_out, r.flags)
    union all
    select row(r.s, r.k, r.regional, r.sensor_id, r.label, r.started_at, r.seq, r.duration_ms, r.count_in, r.count_out, r.occupancy, r.flags,
               least(x.revision + 1, 32767), r.slot)::private.reading
      from unnest(readings) as r
     cross join lateral (select p.* from data.regional_counting_raw p where p.store_id = its_store and p.slot = r.slot and p.started_at = r.started_at offset 0) as x
     where r.regional and x.epoch = 0 and (x.duration_ms, x.occupancy, x.flags) is distinct from (r.duration_ms, r.occupancy, r.flags));
end $$;
comment on function legacy_migration.differing(integer, private.reading[]) is 'Those of the readings whose keys an import holds with other content, as its next revision';

-- As epoch 0, like any import: a gateway's reading always outranks it. The gateways' rows are locked as by a sync. By the indexes: a plan
-- that was made when a month was empty would read all of it for each bucket once it is full.
create function legacy_migration.apply(its_store integer, readings private.reading[]) returns void
language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  store     data.stores;
  outranked private.reading[];
begin
  perform from data.gateways g where g.store_id = its_store order by g.id for no key update;
  select * into store from data.stores s where s.id = its_store;
  if exists (select from private.epochs e join data.gateways g on g.id = e.gateway_id where g.store_id = its_store) then
    outranked := private.outranked(its_store, readings);
    if cardinality(outranked) > 0 then
      update legacy_migration.ledger l set outcome = 'outranked' from unnest(outranked) as r
       where l.store_id = its_store and l.slot = r.slot and l.started_at = r.started_at and l.outcome = 'taken';
      perform legacy_migration.complain(l.source, l.source_id, 'outranked', 'a gateway has counted at this time')
         from unnest(outranked) as r join legacy_migration.ledger l on l.store_id = its_store and l.slot = r.slot and l.started_at = r.started_at and l.outcome = 'outranked';
      readings := array(select r from unnest(readings) as r where r.k not in (select o.k from unnest(outranked) as o));
    end if;
  end if;
  if cardinality(readings) > 0 and private.add_readings(store, 0::smallint, readings) < cardinality(readings) then
    readings := legacy_migration.differing(its_store, readings);
    if cardinality(readings) > 0 then
      perform private.apply_readings(store, 0::smallint, '[]', readings);
    end if;
  end if;
end $$;
comment on function legacy_migration.apply(integer, private.reading[]) is 'Brings the believed claims of a store to raw rows and roll-ups';

create function legacy_migration.settle(keys legacy_migration.place_in_time[], its_source smallint, first_id bigint, last_id bigint) returns void
language plpgsql volatile as $$
declare
  elected record;
  place   record;
begin
  select e.contested, e.believed into elected from legacy_migration.elect(keys, its_source, first_id, last_id) as e;
  perform legacy_migration.note_decisions(elected.contested);
  for place in select b.store_id, array_agg(b.reading) as readings from unnest(elected.believed) as b group by b.store_id order by b.store_id loop
    perform legacy_migration.apply(place.store_id, place.readings);
  end loop;
end $$;
comment on function legacy_migration.settle(legacy_migration.place_in_time[], smallint, bigint, bigint) is 'Brings keys of the new tables to what their claims say, of which those of some rows may be new';

-- Taken back like an import: voided by a higher revision.
create function legacy_migration.unclaim(keys legacy_migration.place_in_time[]) returns void
language plpgsql volatile set plan_cache_mode = force_custom_plan as $$
declare
  place record;
begin
  for place in
    with free as materialized (
      select k.*, row_number() over () as n from (select distinct u.store_id, u.slot, u.started_at from unnest(keys) as u) as k
       where not exists (select from legacy_migration.ledger l where l.store_id = k.store_id and l.slot = k.slot and l.started_at = k.started_at)
    ), rows as (
      select f.store_id, row(0, f.n, false, x.sensor_id, x.line, x.started_at, x.seq, x.duration_ms, x.count_in, x.count_out, null, x.flags | 32, 1, x.slot)::private.reading as reading
        from free f
       cross join lateral (select r.* from data.people_counting_raw r where r.store_id = f.store_id and r.slot = f.slot and r.started_at = f.started_at and r.epoch = 0 and r.flags & 32 = 0 offset 0) as x
      union all
      select f.store_id, row(0, f.n, true, x.sensor_id, x.region, x.started_at, x.seq, x.duration_ms, null, null, x.occupancy, x.flags | 32, 1, x.slot)::private.reading
        from free f
       cross join lateral (select r.* from data.regional_counting_raw r where r.store_id = f.store_id and r.slot = f.slot and r.started_at = f.started_at and r.epoch = 0 and r.flags & 32 = 0 offset 0) as x)
    select r.store_id, array_agg(r.reading) as readings from rows r group by r.store_id order by r.store_id
  loop
    perform legacy_migration.apply(place.store_id, place.readings);
  end loop;
  delete from legacy_migration.decisions d using unnest(keys) as k
   where d.store_id = k.store_id and d.slot = k.slot and d.started_at = k.started_at
     and not exists (select from legacy_migration.ledger l where l.store_id = k.store_id and l.slot = k.slot and l.started_at = k.started_at);
end $$;
comment on function legacy_migration.unclaim(legacy_migration.place_in_time[]) is 'Those of the keys that no old row claims any more do not count any more';

-- Row by row by their keys: a plan for many rows would read the whole ledger.
create function legacy_migration.let_go(its_source smallint, ids bigint[]) returns legacy_migration.place_in_time[]
language plpgsql volatile set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  keys legacy_migration.place_in_time[];
begin
  delete from legacy_migration.report r using unnest(ids) as i where r.source = its_source and r.source_id = i;
  with gone as (delete from legacy_migration.ledger l using unnest(ids) as i where l.source = its_source and l.source_id = i returning l.store_id, l.slot, l.started_at)
  select coalesce(array_agg(row(g.store_id, g.slot, g.started_at)::legacy_migration.place_in_time), '{}') into keys from gone g;
  return keys;
end $$;
comment on function legacy_migration.let_go(smallint, bigint[]) is 'Forgets what rows said. Returns the keys they claimed.';

-- fresh: rows that are met for the first time, as the copy does; what a trigger has brought meanwhile is newer and stays.
create function legacy_migration.take_counts(its_source smallint, ids bigint[], claims legacy_migration.claim[], fresh boolean) returns void
language plpgsql volatile as $$
declare
  keys  legacy_migration.place_in_time[] := '{}';
  added legacy_migration.place_in_time[];
begin
  if not fresh then
    keys := legacy_migration.let_go(its_source, ids);
  end if;
  perform legacy_migration.make_slots(claims);
  perform legacy_migration.complain(c.source, c.source_id, coalesce(c.problem, c.note), null, c.ref, c.problem is not null)
     from unnest(claims) as c where c.problem is not null or c.note is not null;
  perform legacy_migration.complain(c.source, c.source_id, 'too_many_series', 'the store has 32767 combinations of sensor and line already')
     from unnest(claims) as c left join private.slots t on t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional = c.regional and t.label = c.label and t.seq = 0
    where c.problem is null and t.slot is null;
  with added as (
    insert into legacy_migration.ledger (source, source_id, store_id, slot, started_at, arrived_at, duration_ms, count_in, count_out, occupancy, flags)
    select c.source, c.source_id, c.store_id, t.slot, c.started_at, c.arrived_at, c.duration_ms, c.count_in, c.count_out, c.occupancy, c.flags
      from unnest(claims) as c
      join private.slots t on t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional = c.regional and t.label = c.label and t.seq = 0
     where c.problem is null
    on conflict (source, source_id) do nothing
    returning store_id, slot, started_at)
  select array_agg(row(a.store_id, a.slot, a.started_at)::legacy_migration.place_in_time) into added from added a;
  keys := keys || added;
  if cardinality(keys) > 0 then
    perform legacy_migration.settle(keys, its_source, (select min(c.source_id) from unnest(claims) as c), (select max(c.source_id) from unnest(claims) as c));
    if not fresh then
      perform legacy_migration.unclaim(keys);
    end if;
  end if;
end $$;
comment on function legacy_migration.take_counts(smallint, bigint[], legacy_migration.claim[], boolean) is 'Brings rows of a table of counts over: into the ledger or the report, and from there into raw rows and roll-ups';
