-- How many stores there are and how many are blind; what HQ says of itself.
select count(*) as stores, count(*) filter (where f.blind) as blind,
       min(f.platform::text)::jsonb as platform
  from api.fleet_health f
  join data.organizations o on o.id = f.organization_id
 where $1::uuid is null or o.public_id = $1
