-- Verify lintel:outbox on pg

begin;

select id, organization_id, alert_id, event, channel, recipient, webhook, target, payload, state, tries, next_try_at,
       last_error, created_at, finished_at
  from private.outbox where false;
do $$
begin
  assert private.webhooks_complaint('{"a": {"url": "https://a.example/x"}}') is null, 'a good webhook is refused';
  assert private.webhooks_complaint('{"a": {"url": "https://user:word@a.example/x"}}') is not null, 'a password in a url is taken';
  assert (select count(*) = 0 from private.take_outbox(0)), 'more is taken than asked for';
end $$;

rollback;
