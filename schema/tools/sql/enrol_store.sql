-- The store that a person means: by public id, by name, or by "organization / name".
select s.public_id, s.name, o.name as organization, s.timezone,
       (select count(*) from private.signing_keys k where k.retired_at is null) as signing_keys
  from data.stores s
  join data.organizations o on o.id = s.organization_id
 where s.deleted_at is null and $1 in (s.public_id::text, s.name, o.name || ' / ' || s.name)
 order by s.name
