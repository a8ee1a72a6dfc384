-- A store with one gateway at headquarters, and the key that gateways' tokens are signed with.
-- Prints the public ids of store and gateway. Run in the demo's directory.
\set secret `cat hq/jwt-secret`
select private.set_signing_key('', :'secret') \g /dev/null
select store_id, gateway_public_id from private.add_store('Demo chain', 'Demo store', 'Europe/Berlin') \gset
select public_id from data.stores where id = :store_id;
\echo :gateway_public_id
