-- Deploy lintel:activity to pg
-- requires: annotations
-- requires: acceptances

begin;
set local role lintel_owner;

-- With the reader's own rights: what each source shows to whom is decided there, by its policies and filters.
create view api.activity with (security_invoker = true) as
  select e.at, e.kind, e.actor, e.organization_id, e.store_id, t.name as store_name, e.sensor_id, e.text, e.reference
    from (
      select l.at, 'audit' as kind, l.actor, l.organization_id, l.store_id, null::integer as sensor_id,
             format('%s %s %s', case l.action when 'insert' then 'added' when 'update' then 'changed' else 'deleted' end,
                    l.table_name, coalesce(l.new_values ->> 'name', l.old_values ->> 'name', l.row_id))
             || case when l.action = 'update'
                     then ': ' || (select string_agg(k, ', ' order by k) from jsonb_object_keys(l.new_values) as k) else '' end as text,
             l.row_id as reference
        from data.audit_log l
       where (l.table_name, l.action) <> ('annotations', 'insert')
      union all
      select a.opened_at, 'alert', g.name, a.organization_id, a.store_id, a.sensor_id,
             format('%s: %s', a.severity, a.message), a.public_id::text
        from data.alerts a left join data.gateways g on g.id = a.gateway_id
      union all
      select a.resolved_at, 'alert', g.name, a.organization_id, a.store_id, a.sensor_id,
             format('resolved: %s', a.message), a.public_id::text
        from data.alerts a left join data.gateways g on g.id = a.gateway_id
       where a.resolved_at is not null
      union all
      select c.at, 'acceptance', c.signed_by, c.organization_id, c.store_id, c.sensor_id,
             format('%s %s: walked %s in, %s out, counted %s in, %s out', c.sensor_name, c.verdict, c.walked_in, c.walked_out,
                    c.counted_in, c.counted_out), c.public_id::text
        from api.acceptances c
      union all
      select n.created_at, 'annotation', coalesce(n.created_by_name, 'HQ'), n.organization_id, n.store_id, n.sensor_id,
             concat_ws(', ', n.sensor_name, n.day::text) || case when n.sensor_id is null and n.day is null then '' else ': ' end || n.note,
             n.public_id::text
        from api.annotations n
    ) as e
    left join data.stores t on t.id = e.store_id;
comment on view api.activity is
  'What happened, in one list: changes of configuration (for those who may read the audit log), alerts, walk tests, annotations. Ask for a range of at and order by it.';

revoke all on api.activity from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.activity to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
