-- Each tenant, those that take most first, with the limits of the stores.
select o.*, (select s.value::bigint from private.settings s where s.key = 'max_sensors_per_store') as most_sensors_allowed
  from monitor.organizations o
 order by o.raw_bytes + o.bucket_bytes desc, o.organization
