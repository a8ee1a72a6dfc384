-- The phases. Procedures commit as they go; each may be cut anywhere and called again.

-- A lock that stops others is asked for with a short time-out and given back between tries, so nobody queues behind it for long.
create procedure legacy_migration.locked(relation text, mode text, what text, statements text[], most_ms integer default 200)
language plpgsql as $$
declare
  tries  integer := 0;
  waited numeric := 0;
  got    boolean;
  began  timestamptz;
  one    text;
begin
  loop
    tries := tries + 1;
    perform legacy_migration.begin_work();
    began := clock_timestamp();
    begin
      perform set_config('lock_timeout', most_ms || 'ms', true);
      execute format('lock table %s in %s mode', relation, mode);
      got := true;
    exception when lock_not_available or deadlock_detected then
      got := false;
    end;
    waited := greatest(waited, extract(epoch from clock_timestamp() - began) * 1000);
    exit when got;
    commit;
    if tries >= 300 then
      raise exception 'no lock on % in % tries', relation, tries using hint = 'Somebody holds it in a long transaction (pg_stat_activity). Repeat the command when that is over.';
    end if;
    perform pg_sleep(0.05 + random() * 0.2);
  end loop;
  began := clock_timestamp();
  foreach one in array statements loop
    execute one;
  end loop;
  commit;
  insert into legacy_migration.locks (relation, mode, what, tries, waited_ms, held_ms)
  values (relation, mode, what, tries, round(waited, 1), round(extract(epoch from clock_timestamp() - began) * 1000, 1));
  commit;
end $$;
comment on procedure legacy_migration.locked(text, text, text, text[], integer) is 'Does something under a lock that others wait for, and records how long that was';

create function legacy_migration.has_capture(relation text) returns boolean
language sql stable
return exists (select from pg_trigger t where t.tgrelid = to_regclass(relation) and t.tgname like 'legacy\_migration\_%');
comment on function legacy_migration.has_capture(text) is 'Whether a table notes its changes';

create function legacy_migration.drop_capture(relation text) returns text[]
language sql stable
return coalesce((select array_agg(format('drop trigger %I on %s', t.tgname, relation) order by t.tgname) from pg_trigger t
                  where t.tgrelid = to_regclass(relation) and t.tgname like 'legacy\_migration\_%'), '{}');
comment on function legacy_migration.drop_capture(text) is 'What makes a table stop noting its changes';

create function legacy_migration.enter(next_phase text, variadic from_phases text[]) returns void
language plpgsql volatile as $$
declare
  phase text := legacy_migration.phase();
begin
  if not phase = any (from_phases || next_phase) then
    raise exception 'the migration is %, so it cannot be %', phase, next_phase
      using hint = format('This is possible while it is: %s.', array_to_string(from_phases, ', '));
  end if;
  update legacy_migration.state s set phase = next_phase, changed_at = now() where s.phase <> next_phase;
end $$;
comment on function legacy_migration.enter(text, text[]) is 'Goes on to a phase, from certain others only';

create procedure legacy_migration.start_capture()
language plpgsql as $$
declare
  its  legacy_migration.sources;
  it   record;
  all_sources legacy_migration.sources[] := array(select s from legacy_migration.sources s where s.kind in ('place', 'alert', 'count') order by s.source);
  name text;
begin
  if legacy_migration.phase() <> 'copying' then
    return;
  end if;
  perform private.ensure_partitions();
  commit;
  foreach its in array all_sources loop
    name := format('public.%I', its.name);
    if not legacy_migration.has_capture(name) then
      call legacy_migration.locked(name, 'share row exclusive', 'note changes', legacy_migration.capture_statements(its, name));
    end if;
    if its.copy_until is null then
      execute format('update legacy_migration.sources s set copy_until = coalesce((select max(t.%I) from %s t), 0) where s.source = $1', its.id_column, name) using its.source;
      commit;
    end if;
  end loop;
  for it in select r.relation, r.statements from legacy_migration.return_statements() as r where not legacy_migration.has_capture(r.relation) loop
    call legacy_migration.locked('only ' || it.relation, 'share row exclusive', 'note changes', it.statements);
  end loop;
end $$;
comment on procedure legacy_migration.start_capture() is 'From here on every change on either side is noted';

create procedure legacy_migration.begin_again()
language plpgsql as $$
begin
  if legacy_migration.phase() = 'rolled back' then
    truncate legacy_migration.ledger, legacy_migration.report, legacy_migration.decisions, legacy_migration.entities, legacy_migration.doors, legacy_migration.areas,
             legacy_migration.changes, legacy_migration.returns, legacy_migration.proofs, legacy_migration.locks;
    update legacy_migration.sources s set copied_to = 0, copy_until = null, rows = 0, seconds = 0, done = false;
    update legacy_migration.state s set phase = 'copying', started_at = now(), changed_at = now(), proven_at = null;
  end if;
end $$;
comment on procedure legacy_migration.begin_again() is 'After a rollback: everything from the start, with the rules as they are';

create procedure legacy_migration.work(until text default 'caught up', batch integer default 10000, pause_ms integer default 0, seconds double precision default null)
language plpgsql as $$
declare
  began  constant timestamptz := clock_timestamp();
  told   timestamptz := clock_timestamp();
  copied bigint;
  newer  bigint;
  back   bigint;
  idle   integer := 0;
  total  bigint := 0;
  next_look bigint := 2 * batch;
  its    record;
begin
  loop
    if legacy_migration.phase() not in ('copying', 'following', 'cutting over', 'cut over') then
      raise exception 'the migration is %', legacy_migration.phase() using hint = 'There is nothing to copy or follow. See: migrate status';
    end if;
    copied := legacy_migration.copy_batch(batch);
    commit;
    -- Plans made for empty tables are thrown away when these are analyzed: soon, and again at four times as many rows or a million more.
    total := total + coalesce(copied, 0);
    if total >= next_look then
      next_look := least(total * 4, total + 1000000);
      analyze legacy_migration.ledger, legacy_migration.entities, legacy_migration.report, private.slots, data.people_counting_raw, data.regional_counting_raw,
              data.hourly_analytics, data.daily_analytics, data.alerts, data.sensor_metadata;
      commit;
    end if;
    -- While there is much to copy, what changes meanwhile may wait: it is noted.
    newer := legacy_migration.drain_changes(case when copied is null then batch else greatest(batch / 5, 1) end);
    commit;
    back := legacy_migration.drain_returns(1000);
    commit;
    if copied is null and legacy_migration.phase() = 'copying' then
      analyze legacy_migration.ledger, legacy_migration.report, legacy_migration.doors, legacy_migration.areas, private.slots, data.people_counting_raw, data.regional_counting_raw, data.hourly_analytics, data.daily_analytics;
      perform legacy_migration.enter('following', 'copying');
      commit;
    end if;
    if clock_timestamp() - told > interval '10 seconds' then
      told := clock_timestamp();
      select s.name, s.rows, s.seconds into its from legacy_migration.sources s where s.rows > 0 and not s.done order by s.source limit 1;
      if found then
        raise notice '%: % rows, % a second', its.name, its.rows, round(its.rows / greatest(its.seconds, 0.001));
      else
        raise notice 'following: % changes taken over, % written back', newer, back;
      end if;
    end if;
    exit when seconds is not null and clock_timestamp() - began >= seconds * interval '1 second';
    if copied is null and newer < batch and back < 1000 then
      -- What was taken over may have asked for more; while writers write, something always waits.
      idle := idle + 1;
      exit when until = 'caught up' and seconds is null
            and (idle > 20 or not exists (select from legacy_migration.changes) and not exists (select from legacy_migration.returns));
      if newer + back = 0 then
        perform pg_sleep(0.2);
      end if;
    elsif pause_ms > 0 then
      perform pg_sleep(pause_ms / 1000.0);
    end if;
  end loop;
end $$;
comment on procedure legacy_migration.work(text, integer, integer, double precision) is 'Copies and follows: until it has caught up, for some seconds, or ("forever") until somebody stops it';

create function legacy_migration.warn_deprecated() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if coalesce(current_setting('legacy_migration.applying', true), '') <> 'on' and coalesce(current_setting('legacy_migration.warned', true), '') not like '%,' || tg_table_name || ',%' then
    perform set_config('legacy_migration.warned', coalesce(current_setting('legacy_migration.warned', true), '') || ',' || tg_table_name || ',', false);
    raise notice '% is deprecated and will be gone: %', tg_table_name, tg_argv[0] using hint = 'See schema/legacy/API_CHANGES.md.';
  end if;
  return null;
end $$;
comment on function legacy_migration.warn_deprecated() is 'Trigger: tells a writer, once a session, that the name will go';

-- The old table goes to archive, a view takes its name: who reads or writes by the name notices nothing but the notice.
create function legacy_migration.cut_over_statements(its legacy_migration.sources) returns text[]
language sql stable as $$
  select array[
           format('alter table public.%I set schema archive', its.name),
           format('create view public.%I with (security_invoker = true) as select * from archive.%1$I', its.name),
           format('alter view public.%I owner to %I', its.name, pg_get_userbyid(c.relowner)),
           format('comment on view public.%I is %L', its.name, 'Deprecated: a view of archive.' || its.name || ' until the cut-over is finished. Now: ' || its.becomes),
           format('create trigger legacy_migration_warn after insert or update or delete on archive.%I for each statement execute function legacy_migration.warn_deprecated(%L)', its.name, 'now ' || its.becomes)]
         || coalesce((select array_agg(format('grant %s on public.%I to %s', a.privilege_type, its.name, case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end))
                        from aclexplode(c.relacl) as a where a.grantee <> c.relowner and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')), '{}')
    from pg_class c where c.oid = to_regclass(format('public.%I', its.name))
$$;
comment on function legacy_migration.cut_over_statements(legacy_migration.sources) is 'What puts a view in the place of an old table';

create procedure legacy_migration.cut_over(batch integer default 10000)
language plpgsql as $$
declare
  its legacy_migration.sources;
  all_sources legacy_migration.sources[] := array(select s from legacy_migration.sources s order by s.source);
begin
  perform legacy_migration.enter('cutting over', 'following');
  if to_regnamespace('archive') is null then
    create schema archive;
  end if;
  comment on schema archive is 'Lintel: the old tables as they were, and what is written back to them until the cut-over is finished';
  grant usage on schema archive to public;  -- their own grants and policies go on holding
  commit;
  call legacy_migration.work('caught up', batch);
  foreach its in array all_sources loop
    if (select c.relkind = 'r' from pg_class c where c.oid = to_regclass(format('public.%I', its.name))) then
      call legacy_migration.locked(format('public.%I', its.name), 'access exclusive', 'a view takes its name', legacy_migration.cut_over_statements(its));
    end if;
  end loop;
  perform legacy_migration.enter('cut over', 'cutting over');
  commit;
end $$;
comment on procedure legacy_migration.cut_over(integer) is 'Table by table: old tables to archive, views in their place';

-- The last changes are written back under the lock that ends the writing back.
create procedure legacy_migration.close_return()
language plpgsql as $$
declare
  it record;
begin
  for it in select r.relation from legacy_migration.return_statements() as r where legacy_migration.has_capture(r.relation) loop
    loop
      exit when legacy_migration.drain_returns(1000) < 100;
      commit;
    end loop;
    commit;
    call legacy_migration.locked('only ' || it.relation, 'access exclusive', 'end of writing back',
      array['select legacy_migration.drain_returns(300)'] || legacy_migration.drop_capture(it.relation));
  end loop;
  loop
    exit when legacy_migration.drain_returns(1000) = 0;
    commit;
  end loop;
  commit;
end $$;
comment on procedure legacy_migration.close_return() is 'What changed in the new schema is written back a last time; then no more';

create procedure legacy_migration.roll_back()
language plpgsql as $$
declare
  its legacy_migration.sources;
  all_sources legacy_migration.sources[] := array(select s from legacy_migration.sources s order by s.source desc);
  statements text[];
  archived boolean;
  left_rows bigint;
begin
  perform legacy_migration.enter('rolling back', 'copying', 'following', 'cutting over', 'cut over');
  commit;
  call legacy_migration.close_return();
  foreach its in array all_sources loop
    archived := (select c.relkind = 'v' from pg_class c where c.oid = to_regclass(format('public.%I', its.name)));
    statements := case when archived then array[format('drop view public.%I', its.name), format('alter table archive.%I set schema public', its.name)] else '{}' end
               || array(select replace(d, format(' on archive.%I', its.name), format(' on public.%I', its.name))
                          from unnest(legacy_migration.drop_capture(format(case when archived then 'archive.%I' else 'public.%I' end, its.name))) as d);
    if cardinality(statements) > 0 then
      call legacy_migration.locked(format('public.%I', its.name), 'access exclusive', 'the old table takes its name back', statements);
    end if;
  end loop;
  if to_regnamespace('archive') is not null and not exists (select from pg_class c where c.relnamespace = to_regnamespace('archive')) then
    drop schema archive;
  end if;
  commit;
  loop
    left_rows := legacy_migration.purge_batch();
    commit;
    exit when left_rows is null;
  end loop;
  truncate legacy_migration.ledger, legacy_migration.entities, legacy_migration.doors, legacy_migration.areas, legacy_migration.changes, legacy_migration.returns;
  perform legacy_migration.enter('rolled back', 'rolling back');
  commit;
end $$;
comment on procedure legacy_migration.roll_back() is 'Everything as it was: old tables under their names with all that was written meanwhile, what was copied out of the new schema again';

-- Stores that the migration made and no gateway has spoken for go as a whole; of others its readings are voided.
create function legacy_migration.purge_batch() returns bigint
language plpgsql volatile set plan_cache_mode = force_custom_plan as $$
declare
  its     record;
  part    record;
  keys    legacy_migration.place_in_time[];
  deleted bigint := 0;
begin
  perform legacy_migration.begin_work();
  select e.source_id, e.target_id::integer as store_id, s.organization_id,
         exists (select from private.epochs x join data.gateways g on g.id = x.gateway_id where g.store_id = s.id) or e.outcome <> 'created' as spoken_for into its
    from legacy_migration.entities e join data.stores s on s.id = e.target_id
   where e.source = 2 and e.outcome in ('created', 'adopted') order by e.source_id limit 1;
  if its.store_id is null then
    delete from data.user_profiles p using legacy_migration.entities e where e.source = 5 and e.outcome = 'created' and p.id = e.target;
    delete from data.organizations o using legacy_migration.entities e
     where e.source = 1 and e.outcome = 'created' and o.id = e.target_id and not exists (select from data.stores s where s.organization_id = o.id)
       and not exists (select from data.user_profiles p where p.organization_id = o.id) and not exists (select from data.organizations c where c.parent_id = o.id);
    return null;
  elsif its.spoken_for then
    with gone as (delete from legacy_migration.ledger l where (l.source, l.source_id) in (select x.source, x.source_id from legacy_migration.ledger x where x.store_id = its.store_id limit 5000)
                  returning l.store_id, l.slot, l.started_at)
    select array_agg(row(g.store_id, g.slot, g.started_at)::legacy_migration.place_in_time) into keys from gone g;
    if keys is not null then
      perform legacy_migration.unclaim(keys);
      return cardinality(keys);
    end if;
    delete from data.alerts a where a.store_id = its.store_id and a.details ? 'legacy';
  else
    -- A partition at a time, so no transaction is long.
    for part in select b.table_name, b.partition_name from private.partition_bounds b where b.table_name in ('people_counting_raw', 'regional_counting_raw') order by b.from_at desc loop
      execute format('delete from partitions.%I where store_id = $1', part.partition_name) using its.store_id;
      get diagnostics deleted = row_count;
      if deleted > 0 then
        return deleted;
      end if;
    end loop;
    delete from data.hourly_analytics h where h.store_id = its.store_id;
    delete from data.daily_analytics d where d.store_id = its.store_id;
    update data.user_profiles p set store_ids = array_remove(p.store_ids, its.store_id) where p.organization_id = its.organization_id and its.store_id = any (p.store_ids);
    delete from data.alerts a where a.store_id = its.store_id;
    delete from data.region_configurations c where c.store_id = its.store_id;
    delete from data.sensor_metadata m where m.store_id = its.store_id;
    delete from data.gateways g where g.store_id = its.store_id;
    delete from data.stores s where s.id = its.store_id;
  end if;
  delete from legacy_migration.entities e where e.source = 2 and e.target_id = its.store_id;
  return 0;
end $$;
comment on function legacy_migration.purge_batch() is 'Takes the next of what was copied out of the new schema. Returns null when nothing is left.';

create function legacy_migration.refuse() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise insufficient_privilege using message = format('archive.%s changes no more', tg_table_name), hint = 'The cut-over is finished. Write to the new schema: schema/legacy/API_CHANGES.md.';
end $$;
comment on function legacy_migration.refuse() is 'Trigger: keeps an archive as it is';

create procedure legacy_migration.finish(batch integer default 10000)
language plpgsql as $$
declare
  its legacy_migration.sources;
  all_sources legacy_migration.sources[] := array(select s from legacy_migration.sources s order by s.source);
  name text;
begin
  if legacy_migration.phase() = 'cut over' and (select s.proven_at is null or s.proven_at < s.changed_at from legacy_migration.state s) then
    raise exception 'nothing has been proven since the cut-over' using hint = 'First: migrate prove';
  end if;
  if legacy_migration.phase() = 'cut over' then
    call legacy_migration.work('caught up', batch);
  end if;
  perform legacy_migration.enter('finishing', 'cut over');
  commit;
  call legacy_migration.close_return();
  foreach its in array all_sources loop
    if not exists (select from pg_trigger t where t.tgrelid = to_regclass(format('archive.%I', its.name)) and t.tgname = 'archive_closed') then
      call legacy_migration.locked(format('archive.%I', its.name), 'share row exclusive', 'no more writes',
        array[format('create trigger archive_closed before insert or update or delete or truncate on archive.%I for each statement execute function legacy_migration.refuse()', its.name)]);
    end if;
  end loop;
  loop
    exit when legacy_migration.drain_changes(batch) = 0;
    commit;
  end loop;
  commit;
  foreach its in array all_sources loop
    name := format('archive.%I', its.name);
    if to_regclass(format('public.%I', its.name)) is not null then
      call legacy_migration.locked(format('public.%I', its.name), 'access exclusive', 'the old name ends', array[format('drop view public.%I', its.name)] || legacy_migration.drop_capture(name));
    end if;
  end loop;
  revoke usage on schema archive from public;
  perform legacy_migration.enter('finished', 'finishing');
  commit;
end $$;
comment on procedure legacy_migration.finish(integer) is 'The end: old names go, archive stays, no way back but a backup';
