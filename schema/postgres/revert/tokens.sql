-- Revert lintel:tokens from pg

begin;

drop function private.mint_gateway_token(uuid, interval);
drop function private.signing_key_set();
drop function private.base64url(bytea);
drop function private.set_signing_key(text, text);
drop table private.signing_keys;

notify pgrst, 'reload schema';
commit;
