-- Deploy lintel:alert_rules to pg
-- requires: opening_hours
-- Rules are data: settings.alert_rules of a node holds for everything below it, that of a store for the store.
-- The nearest that names a rule wins; keys it leaves out have their defaults.

begin;
set local role lintel_owner;

-- The one place that knows which rules and keys there are. The type of the default is the type of the key.
create function private.alert_rule_grammar()
returns table (rule text, key text, fallback jsonb, lowest numeric, highest numeric)
language sql immutable
begin atomic
  select r.rule, k.key, k.fallback, k.lowest, k.highest
    from (values ('gateway_silent',  'minutes', '15'::jsonb,  6, 10080, 240,  true),
                 ('sensor_offline',  'minutes', '30',         5, 10080, 1440, false),
                 ('zero_while_open', 'hours',   '3',          1, 168,   1440, false),
                 ('no_people',       'hours',   '24',         1, 336,   1440, false),
                 ('capacity',        'percent', '100',        1, 1000,  30,   true),
                 ('data_error_rate', 'percent', '5',          1, 100,   1440, true),
                 ('clock',           'seconds', '300',        10, 86400, 1440, true))
           as r (rule, key, fallback, lowest, highest, escalate, closed)
   cross join lateral (values (r.key, r.fallback, r.lowest::numeric, r.highest::numeric),
                              ('enabled', 'true', null, null),
                              ('severity', '"warning"', null, null),
                              ('escalate_minutes', to_jsonb(r.escalate), 0, 43200),
                              ('while_closed', to_jsonb(r.closed), null, null)) as k (key, fallback, lowest, highest);
end;
comment on function private.alert_rule_grammar() is
  'Every rule''s keys, their defaults and the range of those that are numbers. escalate_minutes: after how long an open alert becomes critical, 0 for never. while_closed: whether it opens and escalates outside opening_hours.';

create function private.alert_rule_defaults() returns jsonb
language sql immutable
return (select jsonb_object_agg(g.rule, g.keys)
          from (select rule, jsonb_object_agg(key, fallback) as keys from private.alert_rule_grammar() group by rule) as g);
comment on function private.alert_rule_defaults() is 'What every rule is where nobody said anything';

create function private.alert_rules_complaint(rules jsonb) returns text
language plpgsql immutable as $$
declare
  given record;
  known record;
begin
  if jsonb_typeof(rules) <> 'object' then
    return 'alert_rules must be an object of rules';
  end if;
  for given in
    select r.key as rule, r.value as body, k.key, k.value
      from jsonb_each(rules) as r
      left join lateral jsonb_each(case when jsonb_typeof(r.value) = 'object' then r.value end) as k on true
  loop
    if not private.alert_rule_defaults() ? given.rule then
      return format('alert_rules: there is no rule "%s"; the rules are %s', given.rule,
                    (select string_agg(distinct g.rule, ', ') from private.alert_rule_grammar() g));
    elsif jsonb_typeof(given.body) <> 'object' then
      return format('alert_rules.%s must be an object of keys', given.rule);
    end if;
    continue when given.key is null;
    select * into known from private.alert_rule_grammar() g where g.rule = given.rule and g.key = given.key;
    if not found then
      return format('alert_rules.%s: there is no key "%s"; the keys are %s', given.rule, given.key,
                    (select string_agg(g.key, ', ' order by g.key) from private.alert_rule_grammar() g where g.rule = given.rule));
    elsif known.key = 'severity' and given.value not in ('"info"', '"warning"', '"critical"') then
      return format('alert_rules.%s.severity must be "info", "warning" or "critical", not %s', given.rule, given.value);
    elsif jsonb_typeof(known.fallback) = 'boolean' and jsonb_typeof(given.value) <> 'boolean' then
      return format('alert_rules.%s.%s must be true or false, not %s', given.rule, given.key, given.value);
    elsif jsonb_typeof(known.fallback) = 'number' and (case when jsonb_typeof(given.value) = 'number' and given.value #>> '{}' ~ '^[0-9]{1,6}$'
          then (given.value #>> '{}')::numeric not between known.lowest and known.highest else true end) then
      return format('alert_rules.%s.%s must be a whole number from %s to %s, not %s',
                    given.rule, given.key, known.lowest, known.highest, given.value);
    end if;
  end loop;
  return null;
end $$;
comment on function private.alert_rules_complaint(jsonb) is 'What is wrong with settings.alert_rules, naming the key and what is allowed; null when nothing is';

create function private.check_alert_rules() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := private.alert_rules_complaint(new.settings -> 'alert_rules');
begin
  if complaint is not null then
    raise check_violation using message = complaint, detail = format('in the settings of "%s"', new.name),
      hint = 'schema/README.md shows an example; select * from private.alert_rule_grammar() shows every key.';
  end if;
  return new;
end $$;
comment on function private.check_alert_rules() is 'Trigger: refuses rules nobody could evaluate, naming the key';

create trigger organizations_alert_rules before insert or update of settings on data.organizations
  for each row when (new.settings ? 'alert_rules') execute function private.check_alert_rules();
create trigger stores_alert_rules before insert or update of settings on data.stores
  for each row when (new.settings ? 'alert_rules') execute function private.check_alert_rules();

create function private.inherited(store data.stores, key text) returns jsonb
language plpgsql stable set search_path = pg_catalog, extensions, pg_temp as $$
begin
  return (
    select jsonb_object_agg(e.key, e.value order by g.depth)
      from (select nlevel(o.path) as depth, o.settings -> inherited.key as given
              from data.organizations o
             where o.id = any (string_to_array((select n.path from data.organizations n where n.id = store.node_id)::text, '.')::bigint[])
               and o.settings ? inherited.key
            union all
            select 100, store.settings -> inherited.key where store.settings ? inherited.key) as g
     cross join lateral jsonb_each(g.given) as e);
end $$;
comment on function private.inherited(data.stores, text) is
  'An object of the settings as it holds for a store: per name, what the nearest of store, node and the nodes above says; null where nobody says anything';

create function private.rules_of(store data.stores) returns jsonb
language plpgsql stable as $$
declare
  said jsonb := private.inherited(store, 'alert_rules');
begin
  if said is null then
    return private.alert_rule_defaults();
  end if;
  return (select jsonb_object_agg(d.key, d.value || coalesce(said -> d.key, '{}')) from jsonb_each(private.alert_rule_defaults()) as d);
end $$;
comment on function private.rules_of(data.stores) is 'Every rule as it holds for a store, with every key';

create function private.node_rule(path extensions.ltree, rule text) returns jsonb
language plpgsql stable as $$
begin
  return (
    select o.settings -> 'alert_rules' -> node_rule.rule
      from data.organizations o
     where o.id = any (string_to_array(node_rule.path::text, '.')::bigint[]) and o.settings -> 'alert_rules' ? node_rule.rule
     order by extensions.nlevel(o.path) desc limit 1);
end $$;
comment on function private.node_rule(extensions.ltree, text) is 'What the nearest node on a path says of a rule; null if none does';

create function private.is_open(hours jsonb, timezone text, at timestamptz) returns boolean
language plpgsql stable as $$
declare
  day constant date := (at at time zone timezone)::date;
begin
  return hours is null or private.open_spans(hours, timezone, day, day) @> at;
end $$;
comment on function private.is_open(jsonb, text, timestamptz) is 'Whether a store is open; one whose hours nobody said always is';

create function private.open_since(hours jsonb, timezone text, at timestamptz, open_for interval) returns timestamptz
language plpgsql stable as $$
declare
  day  constant date := (at at time zone timezone)::date;
  left_over interval := open_for;
  span tstzrange;
begin
  if hours is null then
    return at - open_for;
  end if;
  for span in select r from unnest(private.open_spans(hours, timezone, day - 28, day) * tstzmultirange(tstzrange(null, at))) as r order by r desc loop
    if upper(span) - lower(span) >= left_over then
      return upper(span) - left_over;
    end if;
    left_over := left_over - (upper(span) - lower(span));
  end loop;
  return null;
end $$;
comment on function private.open_since(jsonb, text, timestamptz, interval) is
  'The instant since which a store has been open for so long, closed hours not counted; null where it was not within four weeks';

revoke all on function private.alert_rule_grammar(), private.alert_rule_defaults(), private.alert_rules_complaint(jsonb),
  private.check_alert_rules(), private.inherited(data.stores, text), private.rules_of(data.stores),
  private.node_rule(extensions.ltree, text), private.is_open(jsonb, text, timestamptz), private.open_since(jsonb, text, timestamptz, interval)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
