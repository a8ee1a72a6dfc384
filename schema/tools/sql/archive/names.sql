-- What the compact ids of a tenant's rows ($1) stand for, outside this database: an archive is restored where these
-- numbers are other ones.
select jsonb_build_object(
  'stores', (select coalesce(jsonb_agg(jsonb_build_array(s.id, s.public_id)), '[]') from data.stores s where s.organization_id = $1),
  'sensors', (select coalesce(jsonb_agg(jsonb_build_array(m.id, m.store_id, m.public_id)), '[]') from data.sensor_metadata m where m.organization_id = $1),
  'slots', (select coalesce(jsonb_agg(jsonb_build_array(t.store_id, t.slot, t.sensor_id, t.regional, t.label, t.seq)), '[]')
              from private.slots t join data.stores s on s.id = t.store_id where s.organization_id = $1))::text as names
