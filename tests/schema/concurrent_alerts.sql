-- Sessions that open, escalate, acknowledge and end the same alerts at once: two gateways of one store, the sweep of
-- the fleet, a person. Needs lintel.session: 0 prepares, 1 to 8 work, 9 checks; and lintel.requests.
do $$
declare
  session  integer := current_setting('lintel.session');
  requests integer := current_setting('lintel.requests');
  person   constant uuid := '77777777-7777-7777-7777-777777777777';
  its_store integer := (select id from data.stores where name = 'Alerts at once');
  gateway  data.gateways;
  waited   integer := 0;
  wrong    text;
begin
  if session = 0 then
    select a.store_id into its_store from private.add_store('Alerts at once', 'Alerts at once', 'Europe/Berlin') as a;
    insert into data.gateways (organization_id, store_id, name) select organization_id, id, 'second' from data.stores where id = its_store;
    insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name, public_id)
      select g.organization_id, g.store_id, g.id, g.id, 'Door', md5('alerts at once' || g.id)::uuid from data.gateways g where g.store_id = its_store;
    insert into data.user_profiles (id, organization_id, role) select person, organization_id, 'organization_administrator' from data.stores where id = its_store;
    update data.stores set settings = '{"webhooks": {"a": {"url": "https://a.example", "severity": "info"}}, "alert_rules": {"gateway_silent": {"minutes": 6, "escalate_minutes": 1}}}' where id = its_store;
    return;
  end if;

  if session < 9 then
    perform setseed(session / 100.0);
    for n in 1 .. requests loop
      select * into gateway from data.gateways where store_id = its_store order by id offset session % 2 limit 1;
      begin
        if random() < 0.2 then
          perform set_config('request.jwt.claims', json_build_object('sub', person)::text, false);
          perform case when random() < 0.5 then api.acknowledge_alert(a.public_id, 'seen') else api.resolve_alert(a.public_id, 'done') end
             from (select public_id from data.alerts where store_id = its_store and state = 'open' order by random() limit 1) as a;
        elsif random() < 0.3 then
          update data.gateways set last_seen_at = now() - interval '7 minutes' where id = gateway.id;
        elsif random() < 0.5 then
          perform private.evaluate_fleet();
        else
          perform set_config('request.jwt.claims', json_build_object('sub', gateway.public_id)::text, false);
          perform api.gateway_sync_v1(jsonb_build_object('v', 1, 'epoch', 'e', 'after', 0, 'to', 0,
            'liveness', jsonb_build_array(jsonb_build_object('sensor', md5('alerts at once' || gateway.id)::uuid,
              'status', case when random() < 0.5 or n = requests then 'offline' else 'online' end, 'since', 0, 'last', 0)),
            'alerts', (select jsonb_agg(jsonb_build_object('kind', 'flood', 'key', k, 'severity', (array['info', 'critical'])[1 + (random() > 0.8)::integer], 'message', 'm',
              'state', (array['open', 'resolved'])[1 + (random() > 0.6)::integer], 'opened_at', n * 1000, 'resolved_at', n * 1000)) from unnest('{a,b,c}'::text[]) k)));
        end if;
      exception
        when lock_not_available then waited := waited + 1;  -- as the contract says: try again
        when sqlstate 'PT409' then null;                    -- somebody else closed it first
      end;
      commit;
    end loop;
    raise notice 'session %: % turns, waited too long %', session, requests, waited;
    return;
  end if;

  for wrong in
    select format('%s alerts with the key %s last at once', count(*), a.dedup_key) from data.alerts a
     where a.store_id = its_store and a.ended_at is null group by a.dedup_key having count(*) > 1
    union all
    select format('alert %s was opened %s times, said %s times', a.id, 1, count(o.id)) from data.alerts a left join private.outbox o on o.alert_id = a.id and o.event = 'opened'
     where a.store_id = its_store and a.kind <> 'flood' group by a.id having count(o.id) <> 1
    union all
    select format('alert %s was resolved %s times', a.id, count(*)) from data.alerts a join private.outbox o on o.alert_id = a.id and o.event = 'resolved'
     where a.store_id = its_store and a.kind <> 'flood' group by a.id having count(*) > 1
    union all
    select format('rule %s failed: %s', f.rule, f.message) from private.rule_failures f where f.store_id = its_store
  loop
    raise exception '%', wrong;
  end loop;
  raise notice '% alerts of % kinds, % told, no key twice at once, no rule failed', (select count(*) from data.alerts a where a.store_id = its_store),
    (select count(distinct kind) from data.alerts a where a.store_id = its_store), (select count(*) from private.outbox o join data.alerts a on a.id = o.alert_id where a.store_id = its_store);
end $$;
