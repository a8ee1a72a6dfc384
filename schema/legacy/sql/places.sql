-- What the old places, sensors and regions mean, worked out from the old tables alone: the assessment and the migration read the same.

-- Asked once: the view reads all the files of the zones each time.
create table legacy_migration.iana (timezone text primary key);
comment on table legacy_migration.iana is 'Time zones this PostgreSQL knows';
insert into legacy_migration.iana select n.name from pg_timezone_names n where n.name !~ '^(posix|right)/' and n.name <> 'Factory';

create function legacy_migration.zone_of(typed text) returns text
language sql stable as $$
  select coalesce((select z.timezone from legacy_migration.zones z where z.typed = btrim(zone_of.typed)),
                  (select i.timezone from legacy_migration.iana i where i.timezone = btrim(zone_of.typed)))
$$;
comment on function legacy_migration.zone_of(text) is 'The IANA zone that a text means; null when nobody knows';

create function legacy_migration.serial_of(typed text, old_id integer) returns text
language sql immutable
return left(coalesce(nullif(upper(btrim(typed)), ''), 'legacy:' || old_id), 200);
comment on function legacy_migration.serial_of(text, integer) is 'A serial as devices state it; where none was typed one of the old id';

create view legacy_migration.planned_organizations as
  select o.id as old_id, coalesce(nullif(left(btrim(o.name), 200), ''), 'Organization ' || o.id) as name,
         case when btrim(o.name) <> '' then min(o.id) over (partition by lower(btrim(o.name))) else o.id end as of_id
    from public.organizations o;
comment on view legacy_migration.planned_organizations is 'Organizations; those whose names differ in case and blanks only are one';

create view legacy_migration.planned_stores as
  select s.id as old_id, coalesce(nullif(left(btrim(s.name), 200), ''), 'Store ' || s.id) as name, o.of_id as organization,
         z.timezone, s.timezone as typed, s.address,
         case when o.old_id is null then 'unknown_organization' when z.timezone is null then 'unknown_timezone' end as problem,
         case when o.old_id is null then 'organization:' || coalesce(s.organization_id::text, 'none') when z.timezone is null then 'zone:' || coalesce(s.timezone, '') end as ref
    from public.stores s
    left join legacy_migration.planned_organizations o on o.old_id = s.organization_id
   cross join lateral (select legacy_migration.zone_of(s.timezone) as timezone) as z;
comment on view legacy_migration.planned_stores is 'Stores, the zone of their walls, and what is wrong with them';

create view legacy_migration.planned_sensors as
  select d.id as old_id, d.store_id as store, legacy_migration.serial_of(d.serial, d.id) as serial,
         coalesce(nullif(left(btrim(d.name), 200), ''), 'Sensor ' || d.id) as name, coalesce(left(btrim(d.model), 200), '') as model, d.status, s.timezone,
         min(d.id) over (partition by d.store_id, legacy_migration.serial_of(d.serial, d.id)) as of_id,
         case when s.old_id is null or s.problem is not null then 'unknown_store' end as problem,
         case when s.old_id is null or s.problem is not null then 'store:' || coalesce(d.store_id::text, 'none') end as ref
    from public.sensors d
    left join legacy_migration.planned_stores s on s.old_id = d.store_id;
comment on view legacy_migration.planned_sensors is 'Sensors; those of one store whose serials differ in case and blanks only are one';

create view legacy_migration.planned_regions as
  select r.id as old_id, left(btrim(coalesce(r.code, '')), 64) as region, coalesce(nullif(left(btrim(r.name), 200), ''), 'Region ' || r.id) as name,
         case when btrim(r.max_people) ~ '^[1-9][0-9]{0,8}$' then btrim(r.max_people)::integer end as capacity, r.max_people,
         d.of_id as sensor, d.store, d.timezone,
         min(r.id) over (partition by d.of_id, left(btrim(coalesce(r.code, '')), 64)) as of_id,
         case when d.old_id is null or d.problem is not null then 'unknown_sensor' end as problem,
         case when d.old_id is null or d.problem is not null then 'sensor:' || coalesce(r.sensor_id::text, 'none') end as ref
    from public.regions r
    left join legacy_migration.planned_sensors d on d.old_id = r.sensor_id;
comment on view legacy_migration.planned_regions is 'Regions; those of one sensor whose codes differ in blanks only are one';
