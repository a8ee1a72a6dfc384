-- Revert lintel:credentials from pg

begin;

drop function private.token_outdated(bigint, jsonb);
drop function private.same_digest(bytea, bytea);
drop function private.digest_of(text);
drop table private.credentials;
drop table private.enrolments;

notify pgrst, 'reload schema';
commit;
