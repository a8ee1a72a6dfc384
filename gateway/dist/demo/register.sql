-- A store at headquarters, and the key that gateways' tokens are signed with. Prints the enrolment token with
-- which a card becomes the store's gateway. Run in the demo's directory.
\set secret `cat hq/jwt-secret`
select private.set_signing_key('', :'secret') \g /dev/null
select store_id from private.add_store('Demo chain', 'Demo store', 'Europe/Berlin') \gset
select private.issue_enrolment(public_id) from data.stores where id = :store_id;
