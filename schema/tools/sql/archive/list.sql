select a.id, a.partition_name as partition, o.public_id as organization, o.name, a.provider, a.namespace, a.bytes, a.rows, a.checksum,
       to_char(a.created_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as created_at, to_char(a.last_used_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_used_at
  from private.archives a
  join data.organizations o on o.id = a.organization_id
 order by a.partition_name, o.name, a.id
