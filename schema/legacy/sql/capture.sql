-- What old writers do is noted in their own transaction and taken over in batches. Noting costs them one short row; nothing of the
-- new schema can refuse or delay them.

create function legacy_migration.applying() returns boolean
language sql stable
return coalesce(current_setting('legacy_migration.applying', true), '') = 'on';
comment on function legacy_migration.applying() is 'Whether this transaction is the migration''s own: what it writes on one side comes from the other';

create function legacy_migration.note_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  its smallint := tg_argv[0];
begin
  if legacy_migration.applying() then
    return null;
  end if;
  if tg_op = 'TRUNCATE' then
    insert into legacy_migration.changes (source, source_id) select l.source, l.source_id from legacy_migration.ledger l where l.source = its
      union all select e.source, e.source_id from legacy_migration.entities e where e.source = its;
  elsif tg_op <> 'INSERT' then
    execute format('insert into legacy_migration.changes (source, source_id) select %s, b.%I from before b', its, tg_argv[1]);
    if tg_table_name = 'user_stores' then
      insert into legacy_migration.changes (source, source_id) select 5, b.user_id from before b where b.user_id is not null;
    end if;
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    execute format('insert into legacy_migration.changes (source, source_id) select %s, a.%I from after a', its, tg_argv[1]);
  end if;
  return null;
end $$;
comment on function legacy_migration.note_change() is 'Trigger: notes which old rows a statement touched';

create function legacy_migration.capture_statements(its legacy_migration.sources, table_name text) returns text[]
language sql stable as $$
  select array[
    format('create trigger legacy_migration_insert after insert on %s referencing new table as after for each statement execute function legacy_migration.note_change(%s, %L)', table_name, its.source, its.id_column),
    format('create trigger legacy_migration_update after update on %s referencing old table as before new table as after for each statement execute function legacy_migration.note_change(%s, %L)', table_name, its.source, its.id_column),
    format('create trigger legacy_migration_delete after delete on %s referencing old table as before for each statement execute function legacy_migration.note_change(%s, %L)', table_name, its.source, its.id_column),
    format('create trigger legacy_migration_truncate after truncate on %s for each statement execute function legacy_migration.note_change(%s, %L)', table_name, its.source, its.id_column)]
$$;
comment on function legacy_migration.capture_statements(legacy_migration.sources, text) is 'What makes an old table note its changes';

-- Rows that are gone from an old table.
create function legacy_migration.forget_places(its_source smallint, ids bigint[]) returns void
language plpgsql volatile as $$
declare
  gone bigint[];
  its  legacy_migration.sources;
begin
  select * into its from legacy_migration.sources s where s.source = its_source;
  execute format('select array(select i from unnest($1) as i where not exists (select from public.%I t where t.%I = i))', its.name, its.id_column) into gone using ids;
  if cardinality(gone) = 0 then
    return;
  end if;
  case its_source
    when 1 then update data.organizations n set deleted_at = now() from legacy_migration.entities e where e.source = 1 and e.source_id = any (gone) and e.outcome = 'created' and n.id = e.target_id and n.deleted_at is null;
    when 2 then update data.stores n set deleted_at = now() from legacy_migration.entities e where e.source = 2 and e.source_id = any (gone) and e.outcome = 'created' and n.id = e.target_id and n.deleted_at is null;
    when 3 then update data.sensor_metadata n set deleted_at = now() from legacy_migration.entities e where e.source = 3 and e.source_id = any (gone) and e.outcome = 'created' and n.id = e.target_id and n.deleted_at is null;
    when 4 then update data.region_configurations n set deleted_at = now() from legacy_migration.entities e where e.source = 4 and e.source_id = any (gone) and e.outcome = 'created' and n.id = e.target_id and n.deleted_at is null;
    when 5 then update data.user_profiles n set deleted_at = now() from legacy_migration.entities e where e.source = 5 and e.source_id = any (gone) and e.outcome = 'created' and n.id = e.target and n.deleted_at is null;
    when 8 then
      update data.stores n set settings = n.settings #- array['alert_rules', g.rule]
        from (select e.target_id, k.rule from legacy_migration.entities e, unnest('{sensor_offline,no_people,zero_while_open,capacity}'::text[]) as k (rule)
               where e.source = 8 and e.source_id = any (gone) and e.outcome = 'created'
                 and not exists (select from public.alert_rules r join legacy_migration.entities s on s.source = 2 and s.source_id = r.store_id
                                  where s.target_id = e.target_id and lower(btrim(r.rule_type)) = k.rule)) as g
       where n.id = g.target_id and n.settings #> array['alert_rules', g.rule] is not null;
    else
      delete from data.alerts n using legacy_migration.entities e where its_source between 11 and 13 and e.source = its_source and e.source_id = any (gone) and e.outcome in ('created', 'returned') and n.id = e.target_id
        and not exists (select from legacy_migration.entities d where d.target_id = e.target_id and d.source between 11 and 13 and (d.source, d.source_id) <> (e.source, e.source_id));
  end case;
  delete from legacy_migration.report r where r.source = its_source and r.source_id = any (gone);
  if its_source > 5 then
    delete from legacy_migration.entities e where e.source = its_source and e.source_id = any (gone);
  end if;
end $$;
comment on function legacy_migration.forget_places(smallint, bigint[]) is 'What was deleted in an old table is deleted in the new one: softly where history refers to it';

create function legacy_migration.take(its_source smallint, ids bigint[], fresh boolean) returns void
language plpgsql volatile as $$
declare
  its    legacy_migration.sources;
  claims legacy_migration.claim[];
begin
  select * into its from legacy_migration.sources s where s.source = its_source;
  if its.kind = 'count' then
    execute format('select coalesce(array_agg(row(c.*)::legacy_migration.claim), ''{}'') from legacy_migration.%I c where c.source_id = any ($1)', 'claims_' || its.name) into claims using ids;
    perform legacy_migration.take_counts(its_source, ids, claims, fresh);
    return;
  end if;
  if not fresh then
    perform legacy_migration.forget_places(its_source, ids);
  end if;
  case its_source
    when 1 then perform legacy_migration.take_organizations(ids);
    when 2 then perform legacy_migration.take_stores(ids);
    when 3 then perform legacy_migration.take_sensors(ids);
    when 4 then perform legacy_migration.take_regions(ids);
    when 5 then perform legacy_migration.take_users(ids);
    when 6 then perform legacy_migration.take_user_stores(ids);
    when 7 then perform legacy_migration.take_user_regions(ids);
    when 8 then perform legacy_migration.take_alert_rules(ids);
    else perform legacy_migration.take_alerts(its_source, ids);
  end case;
end $$;
comment on function legacy_migration.take(smallint, bigint[], boolean) is 'Brings rows of an old table over';

create function legacy_migration.begin_work() returns void
language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtext('legacy_migration'));
  perform set_config('legacy_migration.applying', 'on', true), set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
          set_config('jit', 'off', true);
end $$;
comment on function legacy_migration.begin_work() is 'One at a time: every transaction that moves rows begins with it';

-- The next rows of the first table that is not done, with the place up to which it is: one transaction.
create function legacy_migration.copy_batch(most integer) returns bigint
language plpgsql volatile as $$
declare
  its    legacy_migration.sources;
  ids    bigint[];
  last   bigint;
  claims legacy_migration.claim[];
  began  constant timestamptz := clock_timestamp();
  taken  bigint;
begin
  perform legacy_migration.begin_work();
  select * into its from legacy_migration.sources s where s.kind in ('place', 'alert', 'count') and not s.done order by s.source limit 1;
  if not found then
    return null;
  end if;
  if its.copy_until is null then
    raise exception 'nobody noted up to where % is to be copied', its.name using hint = 'Call legacy_migration.start_capture() first.';
  end if;
  if its.kind = 'count' then
    execute format('select max(x.id), count(*) from (select t.%1$I as id from public.%2$I t where t.%1$I > $1 and t.%1$I <= $3 order by t.%1$I limit $2) as x', its.id_column, its.name) into last, taken using its.copied_to, most, its.copy_until;
    if taken > 0 then
      execute format('select array_agg(row(c.*)::legacy_migration.claim) from legacy_migration.%I c where c.source_id > $1 and c.source_id <= $2', 'claims_' || its.name) into claims using its.copied_to, last;
      perform legacy_migration.take_counts(its.source, '{}', claims, true);
    end if;
  else
    execute format('select array(select t.%1$I from public.%2$I t where t.%1$I > $1 and t.%1$I <= $3 order by t.%1$I limit $2)', its.id_column, its.name) into ids using its.copied_to, least(most, 1000), its.copy_until;
    taken := cardinality(ids);
    last := ids[taken];
    if taken > 0 then
      perform legacy_migration.take(its.source, ids, true);
    end if;
  end if;
  update legacy_migration.sources s
     set copied_to = coalesce(last, s.copied_to), rows = s.rows + taken, done = taken = 0, seconds = s.seconds + extract(epoch from clock_timestamp() - began)
   where s.source = its.source;
  return taken;
end $$;
comment on function legacy_migration.copy_batch(integer) is 'Copies the next rows. Returns how many, 0 at the end of a table, null at the end of all.';

create function legacy_migration.drain_changes(most integer) returns bigint
language plpgsql volatile as $$
declare
  batch record;
  taken bigint := 0;
begin
  perform legacy_migration.begin_work();
  for batch in
    with gone as (delete from legacy_migration.changes c where c.n in (select x.n from legacy_migration.changes x order by x.n limit most) returning c.source, c.source_id)
    select g.source, array_agg(distinct g.source_id) as ids, count(*) as n from gone g group by g.source order by g.source
  loop
    perform legacy_migration.take(batch.source, batch.ids, false);
    taken := taken + batch.n;
  end loop;
  return taken;
end $$;
comment on function legacy_migration.drain_changes(integer) is 'Takes over what old writers have changed. Returns how many changes.';
