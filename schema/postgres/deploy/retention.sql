-- Deploy lintel:retention to pg
-- requires: archives
-- requires: credentials
-- requires: alert_lifecycle
-- Readings leave when their time is over: by row for a tenant that keeps them for a shorter time than the others, by whole
-- partitions once no tenant needs them. The audit log leaves by partitions as well, what else only grows by row. Roll-ups stay.

begin;
set local role lintel_owner;

insert into private.settings (key, value, description) values
  ('audit_retention_months', '36', 'How far back the audit log is needed; private.expired_partitions() names what lies before'),
  ('alerts_retention_days', '400', 'How long alerts are kept after they ended, with what was sent of them'),
  ('rule_failures_retention_days', '90', 'How long a failing rule is remembered after its last failure'),
  ('enrolments_retention_days', '400', 'How long an enrolment token is remembered after it was used or ran out');

create function private.check_retention() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  everybodys integer := private.setting('raw_retention_months');
begin
  if new.parent_id is not null then
    raise check_violation using message = format('raw_retention_months of organization %s: only the root of a tree has one', new.name),
      hint = 'A tenant keeps its readings for one time. Set it at the root.';
  elsif jsonb_typeof(new.settings -> 'raw_retention_months') <> 'number'
     or new.settings ->> 'raw_retention_months' !~ '^[0-9]{1,4}$'
     or (new.settings ->> 'raw_retention_months')::integer not between 1 and everybodys then
    raise check_violation using message = format('raw_retention_months of organization %s is %s, but must be a whole number from 1 to %s',
                                                 new.name, new.settings -> 'raw_retention_months', everybodys),
      hint = 'The upper end is raw_retention_months in private.settings, for which everybody''s readings are kept.';
  end if;
  return new;
end $$;
comment on function private.check_retention() is 'Trigger: refuses a time of retention that makes no sense';

create trigger organizations_retention before insert or update of settings on data.organizations
  for each row when (new.settings ? 'raw_retention_months') execute function private.check_retention();

-- A bucket may be recomputed from raw as long as a reading in it is taken. So readings are kept until they end two days
-- before the horizon: a day is 25 hours at most, and no day that starts at the horizon reaches further back.
create function private.kept_from(organization_id bigint) returns timestamptz
language sql stable
return private.retention_horizon(organization_id) - interval '2 days';
comment on function private.kept_from(bigint) is 'Readings of this tenant that end before this instant are not needed any more';

create function private.delete_from(partition_name text, condition text, stores integer[], most bigint) returns bigint
language plpgsql volatile as $$
declare
  deleted bigint;
begin
  execute format('with gone as (delete from partitions.%1$I where ctid = any (array('
                 'select ctid from partitions.%1$I where store_id = any ($1) and (%2$s) limit $2)) returning 1) select count(*) from gone',
                 partition_name, condition)
    into deleted using stores, most;
  return deleted;
end $$;
comment on function private.delete_from(text, text, integer[], bigint) is
  'Deletes at most so many rows of these stores from a partition of readings. Returns how many.';

create function private.apply_retention(batch integer default 50000)
returns table (organization_id bigint, deleted bigint, finished boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  tenant record;
  part   record;
  room   bigint := batch;
begin
  if batch is null or batch < 1 then
    raise invalid_parameter_value using message = format('batch is %s, but must be at least 1', coalesce(batch::text, 'null'));
  end if;
  for tenant in
    select o.id, private.kept_from(o.id) as kept_from, array(select s.id from data.stores s where s.organization_id = o.id) as stores
      from data.organizations o
     where o.parent_id is null and private.retention_horizon(o.id) > private.retention_horizon()
     order by o.id
  loop
    deleted := 0;
    for part in
      select b.partition_name from private.partition_bounds b
       where b.table_name in ('people_counting_raw', 'regional_counting_raw') and b.from_at < tenant.kept_from
       order by b.from_at, b.partition_name
    loop
      exit when room - deleted <= 0;
      deleted := deleted + private.delete_from(part.partition_name,
        format('started_at < %1$L and started_at + duration_ms * interval ''1 millisecond'' < %1$L', tenant.kept_from),
        tenant.stores, room - deleted);
    end loop;
    room := room - deleted;
    organization_id := tenant.id;
    finished := room > 0;
    return next;
    exit when room = 0;
  end loop;
end $$;
comment on function private.apply_retention(integer) is
  'Deletes readings of tenants that keep them for a shorter time than everybody, at most batch of them. Repeat until every row says finished.';

create function private.forget_records(batch integer default 50000)
returns table (table_name text, deleted bigint, finished boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kind record;
begin
  if batch is null or batch < 1 then
    raise invalid_parameter_value using message = format('batch is %s, but must be at least 1', coalesce(batch::text, 'null'));
  end if;
  for kind in
    select * from (values
      -- An alert that a person resolved while its condition lasts has not ended, and holds back the next one.
      ('data', 'alerts', 'ended_at', 'alerts_retention_days'),
      ('private', 'rule_failures', 'last_at', 'rule_failures_retention_days'),
      ('private', 'enrolments', 'coalesce(used_at, expires_at)', 'enrolments_retention_days')) as k (schema_name, name, over_at, setting)
  loop
    -- What somebody holds at this moment is left for the next call.
    execute format('with gone as (delete from %1$I.%2$I where ctid = any (array('
                   'select ctid from %1$I.%2$I where %3$s < $1 limit $2 for update skip locked)) returning 1) select count(*) from gone',
                   kind.schema_name, kind.name, kind.over_at)
      into deleted using now() - make_interval(days => private.setting(kind.setting)::integer), batch;
    table_name := kind.name;
    finished := deleted < batch;
    return next;
  end loop;
end $$;
comment on function private.forget_records(integer) is
  'Deletes alerts, failures of rules and enrolment tokens whose time of retention is over, at most batch of each. Repeat until every row says finished.';

create function private.expired_partitions()
returns table (table_name text, partition_name text, from_at timestamptz, to_at timestamptz, archives bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  part      record;
  kept_from timestamptz := coalesce((select min(private.kept_from(o.id)) from data.organizations o where o.parent_id is null),
                                    private.retention_horizon() - interval '2 days');
  needed    boolean;
begin
  for part in
    select b.* from private.partition_bounds b
     where b.to_at <= case b.table_name
                        when 'audit_log' then now() - make_interval(months => private.setting('audit_retention_months')::integer)
                        else kept_from end
     order by b.from_at, b.table_name
  loop
    needed := false;
    if part.table_name <> 'audit_log' then
      -- A long reading counts in the day it ends on.
      execute format('select exists (select from partitions.%I where duration_ms > 3600000 '
                     'and started_at + duration_ms * interval ''1 millisecond'' >= $1)', part.partition_name)
        into needed using kept_from;
    end if;
    if not needed then
      table_name := part.table_name;
      partition_name := part.partition_name;
      from_at := part.from_at;
      to_at := part.to_at;
      archives := (select count(*) from private.archives a where a.partition_name = part.partition_name);
      return next;
    end if;
  end loop;
end $$;
comment on function private.expired_partitions() is
  'Partitions of readings that no tenant needs any more and of the audit log, oldest first, and how many tenants'' archives of them are registered. '
  'To be archived, detached concurrently (which no function can do) and dropped.';

revoke all on function private.check_retention(), private.kept_from(bigint), private.delete_from(text, text, integer[], bigint),
  private.apply_retention(integer), private.forget_records(integer), private.expired_partitions() from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
