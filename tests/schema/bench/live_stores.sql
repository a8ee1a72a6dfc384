-- Shares the stores of a fleet (generate.sql) among the :clients clients of live.pgbench: what each store's request is.
\set ON_ERROR_STOP on
create table public.bench_gateways as
  select ((t.id - 1) % :clients)::integer as client, ((t.id - 1) / :clients)::integer as which, json_build_object('sub', g.public_id)::text as claims,
         format('{"v": 1, "epoch": "live", "config_version": %s, "after": %%s, "to": %%s, "health": {"backlog": 0}, "series": [%s]}', t.config_version,
                (select string_agg(format('{"sensor": %s, "line": "1", "t": %%3$s, "dur": 60000, "in": "1", "out": "0"}', s.id), ', ')
                   from data.sensor_metadata s where s.store_id = t.id)) as body
    from data.stores t join data.gateways g on g.store_id = t.id;
create unique index on public.bench_gateways (client, which);
vacuum analyze public.bench_gateways;
