-- Profiles that name nodes or stores which do not exist in their tenant: arrays have no foreign keys.
select format('user %s', p.id) as object,
       format('sees %s', concat_ws(' and ', 'node ' || nullif(array_to_string(array(select n from unnest(p.node_ids) as n where not exists (select from data.organizations o where o.id = n and o.organization_id = p.organization_id)), ', '), ''),
                                   'store ' || nullif(array_to_string(array(select n from unnest(p.store_ids) as n where not exists (select from data.stores s where s.id = n and s.organization_id = p.organization_id)), ', '), ''))) || ', which the tenant does not have' as evidence,
       null::bigint as bytes, 'Take it out of node_ids or store_ids.' as advice
  from data.user_profiles p
 where p.deleted_at is null
   and (exists (select from unnest(p.node_ids) as n where not exists (select from data.organizations o where o.id = n and o.organization_id = p.organization_id))
        or exists (select from unnest(p.store_ids) as n where not exists (select from data.stores s where s.id = n and s.organization_id = p.organization_id)))
 order by 1
