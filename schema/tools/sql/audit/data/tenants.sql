-- Rows that name another tenant than their store does: whoever they belong to, one of two sees too much.
select x.place as object, format('%s rows name another organization than their store; the first of store %s', x.n, x.store_id) as evidence, null::bigint as bytes,
       'update … set organization_id = (select organization_id from data.stores …); and find out who wrote past the functions.' as advice
  from (
    select 'data.daily_analytics' as place, count(*) as n, min(d.store_id) as store_id from data.daily_analytics d join data.stores s on s.id = d.store_id where d.organization_id <> s.organization_id
    union all
    select 'data.hourly_analytics', count(*), min(d.store_id) from data.hourly_analytics d join data.stores s on s.id = d.store_id where d.organization_id <> s.organization_id
    union all
    select 'data.people_counting_raw', count(*), min(d.store_id) from data.people_counting_raw d join data.stores s on s.id = d.store_id
     where d.organization_id <> s.organization_id and d.started_at > now() - make_interval(days => current_setting('lintel.days')::integer)
    union all
    select 'data.regional_counting_raw', count(*), min(d.store_id) from data.regional_counting_raw d join data.stores s on s.id = d.store_id
     where d.organization_id <> s.organization_id and d.started_at > now() - make_interval(days => current_setting('lintel.days')::integer)) as x
 where x.n > 0 order by 1
