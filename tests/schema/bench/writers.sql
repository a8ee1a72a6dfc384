-- A gateway with a sensor for each of :clients clients of write.pgbench.
\set ON_ERROR_STOP on
create temp table made as
  select n, g.* from generate_series(0, :clients - 1) as n, private.add_store('Writers', 'Writer ' || n, 'Europe/Berlin') as g;
insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name)
select m.organization_id, m.store_id, g.id, 'S', 'Door' from made m join data.gateways g on g.public_id = m.gateway_public_id;
-- They hold the configuration in force, as a gateway does from its first answer on.
create table public.bench_gateways as
  select m.n::integer as client, json_build_object('sub', m.gateway_public_id)::text as claims, s.id as sensor, t.config_version
    from made m join data.sensor_metadata s using (store_id) join data.stores t on t.id = m.store_id;
