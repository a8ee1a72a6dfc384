-- Verify lintel:custom_metrics on pg

begin;

do $$
begin
  assert private.custom_metrics_complaint('{"busy": {"field": "count_in", "aggregate": "count", "comparison": {"operator": ">", "value": 5}}}') is null,
    'a good metric is refused';
  assert private.custom_metrics_complaint('{"busy": {"field": "1; drop table x", "aggregate": "sum"}}') is not null, 'SQL is a field';
  assert private.metric_holds(6, '>', 5) and private.metric_holds(6, null, null) and not private.metric_holds(null, null, null), 'comparisons are wrong';
  assert not has_function_privilege('anon', 'api.custom_metric(text, date, date, integer, integer)', 'execute'), 'anybody reads metrics';
end $$;

rollback;
