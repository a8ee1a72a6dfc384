-- A store with one gateway at headquarters, and the key that gateways' tokens are signed with.
-- Prints the public ids of store and gateway.
select private.set_signing_key('', :'secret') \g /dev/null
select g.gateway_public_id, s.public_id as store_public_id
  from private.add_store('Demo chain', 'Demo store', 'Europe/Berlin') g
  join data.stores s on s.id = g.store_id \gset
\echo :store_public_id
\echo :gateway_public_id
