-- What the contract suite talks to: nothing of Lintel's, so that it tests PostgREST and only that.
-- Deploy it as a superuser; PostgREST has to expose the schema `contract` and log in as `authenticator`.
begin;

do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon', 'contract_user', 'contract_hasty'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin noinherit', wanted);
    end if;
  end loop;
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator login noinherit;
  end if;
end $$;
grant anon, contract_user, contract_hasty to authenticator;
alter role contract_hasty set statement_timeout = '100ms';

drop schema if exists contract cascade;
create schema contract;
grant usage on schema contract to anon, contract_user, contract_hasty;

create table contract.cities (
  id   integer primary key,
  name text not null unique
);
create table contract.people (
  id      integer primary key,
  name    text not null,
  age     integer,
  city_id integer references contract.cities on delete restrict,
  tags    jsonb not null default '{}'
);
insert into contract.cities values (1, 'Bremen'), (2, 'Cádiz');
insert into contract.people values
  (1, 'Ada', 36, 1, '{"door": "north"}'), (2, 'Ben', 17, 1, '{}'), (3, 'Cleo', null, 2, '{}'),
  (4, 'Dan, the second', 52, 2, '{}');
create view contract.adults with (security_invoker) as select id, name, age from contract.people where age >= 18;
create table contract.secrets (id integer);
create table contract.visits (at timestamptz not null default now());
grant select on contract.cities, contract.people, contract.adults to anon, contract_user;
grant insert, delete, select on contract.visits to contract_user;
grant insert on contract.people to contract_user;

create function contract.echo(jsonb) returns jsonb language sql immutable
return jsonb_build_object('got', $1);
create function contract.add_them(a integer, b integer default 10) returns integer language sql immutable
return a + b;
create function contract.area(side integer) returns integer language sql immutable
return side * side;
create function contract.area(width integer, height integer) returns integer language sql immutable
return width * height;
create function contract.longest(words text[]) returns text language sql immutable
return (select w from unnest(words) as w order by length(w) desc, w limit 1);
create function contract.nothing() returns void language sql stable
begin atomic; end;
create function contract.null_result() returns jsonb language sql immutable
return null::jsonb;
create function contract.numbers(n integer) returns setof integer language sql immutable
begin atomic; select generate_series(1, n); end;
create function contract.grown_ups(above integer) returns setof contract.people language sql stable
begin atomic; select * from contract.people where age > above order by id; end;
create function contract.tallies() returns table (city text, people bigint) language sql stable
begin atomic; select c.name, count(*) from contract.people p join contract.cities c on c.id = p.city_id group by 1 order by 1; end;
create function contract.person(wanted integer) returns contract.people language sql stable
begin atomic; select * from contract.people where id = wanted; end;

create function contract.context() returns jsonb language sql stable
return jsonb_build_object(
  'role', current_user,
  'claims', nullif(current_setting('request.jwt.claims', true), '')::jsonb,
  'method', current_setting('request.method', true),
  'path', current_setting('request.path', true),
  'header', nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-contract',
  'cookie', nullif(current_setting('request.cookies', true), '')::jsonb ->> 'session',
  'search_path', current_setting('search_path'));
create function contract.visit() returns bigint language sql volatile
begin atomic; insert into contract.visits default values; select count(*) from contract.visits; end;
create function contract.visit_and_fail() returns void language plpgsql volatile as $$
begin
  insert into contract.visits default values;
  raise exception 'no visit today';
end $$;
create function contract.visit_count() returns bigint language sql stable
begin atomic; select count(*) from contract.visits; end;
create function contract.forget_visits() returns void language sql volatile
begin atomic; delete from contract.visits; end;
create function contract.sneaky() returns void language plpgsql stable as $$
begin
  perform contract.visit();
end $$;

create function contract.raise_state(state text, message text default 'as asked', detail text default null,
                                     hint text default null) returns void language plpgsql volatile as $$
begin
  raise exception using errcode = state, message = message, detail = coalesce(detail, ''), hint = coalesce(hint, '');
end $$;
create function contract.no_table() returns void language plpgsql stable as $$
begin perform * from contract.nowhere; end $$;
create function contract.no_function() returns void language plpgsql stable as $$
begin perform contract.nobody(); end $$;
create function contract.duplicate() returns void language sql volatile
begin atomic; insert into contract.people (id, name) values (1, 'again'); end;
create function contract.orphan() returns void language sql volatile
begin atomic; insert into contract.people (id, name, city_id) values (99, 'nowhere', 99); end;
create function contract.divide(by integer) returns integer language sql immutable
return 1 / by;
create function contract.denied() returns integer language sql immutable
return 1;
revoke execute on function contract.denied() from public;
create function contract.teapot() returns jsonb language plpgsql volatile as $$
begin
  perform set_config('response.status', '418', true);
  perform set_config('response.headers', '[{"X-Pot": "short"}, {"X-Spout": "stout"}]', true);
  return '{"tip": "over"}';
end $$;
create function contract.plain_text() returns text language plpgsql stable as $$
begin
  perform set_config('response.headers', '[{"Content-Type": "text/plain"}]', true);
  return 'plainly';
end $$;
create view contract.dressed with (security_invoker) as
select name from contract.cities
 where set_config('response.headers', '[{"Cache-Control": "max-age=9"}]', true) is not null
   and set_config('response.status', '203', true) is not null;
create function contract.visit_and_refuse() returns jsonb language plpgsql volatile as $$
begin
  insert into contract.visits default values;
  perform set_config('response.status', '403', true);
  return '{"code": "X0403", "message": "seen, and refused", "details": null, "hint": null}';
end $$;
grant select on contract.dressed to anon;
create function contract.rest(seconds float8) returns void language sql volatile
begin atomic; select pg_sleep(seconds); end;
create function contract.hasty(seconds float8) returns void language plpgsql volatile
set statement_timeout = '100ms' as $$
begin perform pg_sleep(seconds); end $$;
create function contract.check_request() returns void language plpgsql as $$
begin
  if nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-contract' = 'forbidden' then
    raise sqlstate 'PT403' using message = 'stopped before the call';
  end if;
end $$;

notify pgrst, 'reload config';  -- the settings of roles
notify pgrst, 'reload schema';
commit;
