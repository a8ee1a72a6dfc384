-- Revert lintel:schemas from pg
-- The extensions and their schema stay: others may use them.

begin;

drop schema partitions;
drop schema private;
drop schema api;
drop schema data;
alter default privileges for role lintel_owner grant execute on functions to public;
revoke usage on schema extensions from lintel_owner, lintel_hq;

notify pgrst, 'reload schema';
commit;
