-- Deploy lintel:outbox to pg
-- requires: alert_lifecycle
-- requires: policies
-- What has to be told to people and to other systems. A row is written by the statement that opens, escalates or
-- resolves an alert, so neither can be without the other; a program outside takes rows and sends them.

begin;
set local role lintel_owner;

create table private.outbox (
  id              bigint generated always as identity primary key,
  organization_id bigint not null references data.organizations (id) on delete cascade,
  alert_id        bigint not null references data.alerts (id) on delete cascade,
  event           text not null check (event in ('opened', 'escalated', 'resolved')),
  channel         text not null check (channel in ('mail', 'webhook')),
  recipient       uuid references data.user_profiles (id) on delete cascade,
  webhook         text check (length(webhook) <= 100),
  target          jsonb not null default '{}',
  payload         jsonb not null,
  state           text not null default 'waiting' check (state in ('waiting', 'sent', 'dead')),
  tries           smallint not null default 0 check (tries >= 0),
  next_try_at     timestamptz not null default now(),
  last_error      text check (length(last_error) <= 2000),
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  constraint outbox_channel check (case channel when 'mail' then recipient is not null and webhook is null
                                                else recipient is null and webhook is not null end),
  constraint outbox_finished check ((state = 'waiting') = (finished_at is null))
) with (fillfactor = 70);
create index outbox_due on private.outbox (next_try_at, id) where state = 'waiting';
comment on index private.outbox_due is 'private.take_outbox: what is due, oldest first';
create index outbox_finished on private.outbox (state, finished_at) where state <> 'waiting';
comment on index private.outbox_finished is 'private.forget_outbox, and the dead letters that fleet health counts';
create index outbox_alert on private.outbox (alert_id);
comment on index private.outbox_alert is 'What goes with an alert';
create index outbox_recipient on private.outbox (recipient) where recipient is not null;
comment on index private.outbox_recipient is 'What goes with a person who is erased';
create index user_profiles_mailed on data.user_profiles (organization_id) where email_notifications;
comment on index data.user_profiles_mailed is 'Who of a tenant is to be mailed';

comment on table private.outbox is 'Mail and webhook calls that alerts cause, until they are sent or given up';
comment on column private.outbox.id is 'Number; the receiver of a webhook may tell repeats by it';
comment on column private.outbox.organization_id is 'The tenant';
comment on column private.outbox.alert_id is 'The alert';
comment on column private.outbox.event is 'What happened to it';
comment on column private.outbox.channel is 'mail to a person, or webhook';
comment on column private.outbox.recipient is 'Whom to mail; the address is where the accounts are';
comment on column private.outbox.webhook is 'Name of the webhook in the settings';
comment on column private.outbox.target is 'url and name of the secret (never the secret) of the webhook when it was written';
comment on column private.outbox.payload is 'What to say';
comment on column private.outbox.state is 'waiting, sent, or dead: given up after too many tries, kept';
comment on column private.outbox.tries is 'How often it was taken';
comment on column private.outbox.next_try_at is 'Not to be taken before: the wait after a failure, or the time its taker has to finish';
comment on column private.outbox.last_error is 'What went wrong last';
comment on column private.outbox.created_at is 'When it was written';
comment on column private.outbox.finished_at is 'When it was sent or given up';
alter table private.outbox enable row level security;
revoke all on private.outbox from public, anon, authenticated, lintel_gateway, lintel_hq;

insert into private.settings (key, value, description) values
  ('outbox_tries', '10', 'How often a mail or a webhook call is tried before it is kept as a dead letter; with the waits between about a day'),
  ('outbox_days', '30', 'How long sent rows of the outbox are kept');

create function private.webhooks_complaint(hooks jsonb) returns text
language sql immutable
return case when jsonb_typeof(hooks) <> 'object' then 'webhooks must be an object of named webhooks' else (
  select format('webhooks.%s: %s', h.key, c.complaint)
    from jsonb_each(hooks) as h
   cross join lateral (select case
     when h.key !~ '^[a-z0-9_]{1,100}$' then 'a name has lower case letters, digits and _'
     when jsonb_typeof(h.value) <> 'object' then 'must be an object of url, secret, severity, enabled'
     when h.value - '{url,secret,severity,enabled}'::text[] <> '{}'
       then format('there is no key "%s"; the keys are url, secret, severity, enabled',
                   (select k from jsonb_object_keys(h.value - '{url,secret,severity,enabled}'::text[]) as k limit 1))
     when coalesce(h.value ->> 'url' !~ '^https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[^[:space:][:cntrl:]]*)?$'
                   or length(h.value ->> 'url') > 1000, true)
       then 'url must be https:// with a host and no password in it'
     when h.value ? 'secret' and coalesce(h.value ->> 'secret' !~ '^[a-z0-9_]{1,100}$', true)
       then 'secret is the name under which the sender keeps it (lower case letters, digits and _), not the secret'
     when h.value ? 'severity' and h.value -> 'severity' not in ('"info"', '"warning"', '"critical"')
       then 'severity must be "info", "warning" or "critical": less is not sent'
     when h.value ? 'enabled' and jsonb_typeof(h.value -> 'enabled') <> 'boolean' then 'enabled must be true or false'
   end as complaint) as c
   where c.complaint is not null
   order by h.key limit 1) end;
comment on function private.webhooks_complaint(jsonb) is 'What is wrong with settings.webhooks; null when nothing is';

create function private.check_webhooks() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := private.webhooks_complaint(new.settings -> 'webhooks');
begin
  if complaint is not null then
    raise check_violation using message = complaint, detail = format('in the settings of "%s"', new.name),
      hint = 'For example {"webhooks": {"chat": {"url": "https://chat.example/hook", "secret": "chat_hook"}}}.';
  end if;
  return new;
end $$;
comment on function private.check_webhooks() is 'Trigger: refuses webhooks nobody could call, and passwords in them';
create trigger organizations_webhooks before insert or update of settings on data.organizations
  for each row when (new.settings ? 'webhooks') execute function private.check_webhooks();
create trigger stores_webhooks before insert or update of settings on data.stores
  for each row when (new.settings ? 'webhooks') execute function private.check_webhooks();

create function private.post_alerts(ids bigint[], events text[]) returns void
language plpgsql volatile set search_path = pg_catalog, extensions, pg_temp as $$
begin
  with posted as materialized (
    select e.event, a.id, a.organization_id, a.severity, s.id as store_id, s.deleted_at as gone,
           -- As private.inherited says.
           coalesce((select jsonb_object_agg(h.key, h.value order by nlevel(o.path))
                       from data.organizations o, jsonb_each(o.settings -> 'webhooks') as h
                      where o.id = any (string_to_array(n.path::text, '.')::bigint[])), '{}')
             || coalesce(s.settings -> 'webhooks', '{}') as hooks, n.path,
           jsonb_build_object('event', e.event, 'alert', a.public_id, 'kind', a.kind, 'severity', a.severity, 'state', a.state,
                              'message', a.message, 'store', s.public_id, 'store_name', s.name, 'opened_at', a.opened_at,
                              'escalated_at', a.escalated_at, 'resolved_at', a.resolved_at) as payload
      from unnest(ids, events) as e (id, event)
      join data.alerts a on a.id = e.id
      join data.stores s on s.id = a.store_id
      join data.organizations n on n.id = s.node_id
  ), mailed as (
    -- Those who may see the store and want mail: private.stores_of, asked of one store instead of one person.
    select p.event, p.id, p.organization_id, u.id as recipient, p.payload
      from posted p
      join data.user_profiles u on u.organization_id = p.organization_id and u.email_notifications
     where p.gone is null and u.lifecycle = 'active' and u.deleted_at is null and p.severity <> 'info'
       and not exists (select from data.organizations o
                        where o.id = any (string_to_array(p.path::text, '.')::bigint[]) and o.deleted_at is not null)
       and (private.sees_whole_tenant(u) or p.store_id = any (u.store_ids)
            or u.node_ids && string_to_array(p.path::text, '.')::bigint[])
  )
  insert into private.outbox (organization_id, alert_id, event, channel, recipient, webhook, target, payload)
  select m.organization_id, m.id, m.event, 'mail', m.recipient, null, '{}', m.payload from mailed m
  union all
  select p.organization_id, p.id, p.event, 'webhook', null, h.key,
         jsonb_build_object('url', h.value ->> 'url', 'secret', h.value ->> 'secret'), p.payload
    from posted p
   cross join lateral jsonb_each(p.hooks) as h
   where coalesce((h.value ->> 'enabled')::boolean, true)
     and private.severity_rank(p.severity) >= private.severity_rank(coalesce(h.value ->> 'severity', 'warning'));
end $$;
comment on function private.post_alerts(bigint[], text[]) is
  'Writes what has to be told about these alerts: to those who may see the store and want mail, and to the webhooks that hold for it';

-- On the table itself, so no road to an alert goes around the outbox; per statement, so 20,000 at once are one insert.
create function private.post_opened() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.post_alerts(array_agg(c.id), array_agg('opened'::text)) from changed c having count(*) > 0;
  return null;
end $$;
comment on function private.post_opened() is 'Trigger: new alerts go to the outbox';

create function private.post_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Brought together by grouping: a join of the two would be planned for a few rows once, and kept for 20,000.
  perform private.post_alerts(array_agg(e.id), array_agg(e.event))
    from (select u.id, case when bool_or(u.after and u.state <> 'resolved') and bool_or(not u.after and u.state = 'resolved') then 'opened'
                            when bool_or(u.after and u.state = 'resolved' and u.resolution <> 'superseded')
                                 and bool_or(not u.after and u.state <> 'resolved') then 'resolved'
                            when max(private.severity_rank(u.severity)) filter (where u.after)
                                 > max(private.severity_rank(u.severity)) filter (where not u.after) then 'escalated' end as event
            from (select c.id, c.state, c.resolution, c.severity, true as after from changed c
                  union all
                  select b.id, b.state, b.resolution, b.severity, false from before b) as u
           group by u.id) as e
   where e.event is not null
  having count(*) > 0;
  return null;
end $$;
comment on function private.post_changed() is
  'Trigger: alerts that escalated, were resolved or came back go to the outbox; superseded ones say nothing';
create trigger alerts_post_opened after insert on data.alerts
  referencing new table as changed for each statement execute function private.post_opened();
create trigger alerts_post_changed after update on data.alerts
  referencing old table as before new table as changed for each statement execute function private.post_changed();

create function private.take_outbox(n integer default 100) returns setof private.outbox
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Who takes a row has five minutes; a sender that died leaves it to the next one.
  return query
  with due as (
    select o.id from private.outbox o
     where o.state = 'waiting' and o.next_try_at <= now()
     order by o.next_try_at, o.id
     limit greatest(n, 0)
       for no key update skip locked
  )
  update private.outbox o set tries = o.tries + 1, next_try_at = now() + interval '5 minutes'
    from due where o.id = due.id
  returning o.*;
end $$;
comment on function private.take_outbox(integer) is
  'Up to n rows that are due; nobody else gets them for five minutes. Finish each with private.finish_outbox.';

create function private.finish_outbox(id bigint, ok boolean, error text default null) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  -- After a failure twice as long as before, up to six hours, and a little by chance so that not all come at once.
  update private.outbox o
     set state = case when ok then 'sent' when o.tries >= private.setting('outbox_tries')::integer then 'dead' else 'waiting' end,
         finished_at = case when ok or o.tries >= private.setting('outbox_tries')::integer then now() end,
         last_error = case when not ok then left(coalesce(error, ''), 2000) end,
         next_try_at = now() + least(interval '1 minute' * 2 ^ o.tries, interval '6 hours') * (0.75 + random() / 2)
   where o.id = finish_outbox.id and o.state = 'waiting' and o.tries > 0;
end;
comment on function private.finish_outbox(bigint, boolean, text) is
  'Says how sending a row went. A failure is tried again later, and kept as a dead letter after too many.';

create function private.forget_outbox() returns void
language sql volatile
begin atomic
  -- A sender that dies on every try would take the same row for ever.
  update private.outbox o set state = 'dead', finished_at = now(), last_error = coalesce(o.last_error, 'taken, but never finished')
   where o.state = 'waiting' and o.next_try_at <= now() and o.tries >= (select private.setting('outbox_tries')::integer);
  delete from private.outbox o
   where o.state = 'sent' and o.finished_at < now() - make_interval(days => (select private.setting('outbox_days')::integer));
end;
comment on function private.forget_outbox() is 'Forgets what was sent long ago; what nobody ever finished becomes a dead letter';

revoke all on function private.webhooks_complaint(jsonb), private.check_webhooks(), private.post_alerts(bigint[], text[]), private.post_opened(),
  private.post_changed(), private.take_outbox(integer), private.finish_outbox(bigint, boolean, text), private.forget_outbox()
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
