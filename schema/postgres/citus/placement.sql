-- What stands where on a Citus cluster, and what of the schema has to be known there: three tables for distribute.sql
-- and for tests/schema/pgtap/71_citus.sql, which holds them against the deployed schema. The reasons are in README.md.

-- distributed: by store_id, all in one group; local: on the coordinator. There is no reference table.
create temporary table citus_placement (relation text primary key, kind text not null check (kind in ('distributed', 'local')), why text not null);
insert into citus_placement values
  ('data.people_counting_raw',    'distributed', 'nearly all the bytes'),
  ('data.regional_counting_raw',  'distributed', 'nearly all the bytes'),
  ('data.hourly_analytics',       'distributed', 'a row per series and hour, written by every sync'),
  ('data.daily_analytics',        'distributed', 'a row per series and day, written by every sync'),
  ('private.slots',               'distributed', 'looked up beside raw rows'),
  ('private.coverage',            'distributed', 'grows with time, read beside the roll-ups'),
  ('private.moved_keys',          'distributed', 'grows with moved readings'),
  ('private.counter_states',      'distributed', 'a row per series'),
  ('private.given_up',            'distributed', 'a row per series and day that was given up'),
  ('data.organizations',          'local', 'a tree of all stores: triggers, unique public_id'),
  ('data.stores',                 'local', 'triggers, unique public_id'),
  ('data.gateways',               'local', 'the row every sync locks; triggers, unique public_id'),
  ('data.sensor_metadata',        'local', 'triggers, an identity of four bytes, unique public_id'),
  ('data.region_configurations',  'local', 'triggers, unique public_id'),
  ('data.user_profiles',          'local', 'belongs to no store; triggers'),
  ('data.alerts',                 'local', 'triggers per statement with transition tables; few rows'),
  ('data.audit_log',              'local', 'append-only by trigger; rows of people and nodes belong to no store'),
  ('private.epochs',              'local', 'keyed by gateway and written under its row lock; a trigger'),
  ('private.reading_quality',     'local', 'keyed by gateway'),
  ('private.credentials',         'local', 'keyed by gateway'),
  ('private.enrolments',          'local', 'a token is found without knowing its store; a trigger'),
  ('private.acceptances',         'local', 'unique public_id over all stores; few rows'),
  ('private.annotations',         'local', 'unique public_id over all stores; a trigger'),
  ('private.imports',             'local', 'unique public_id over all stores; a trigger'),
  ('private.rule_failures',       'local', 'at most a row per store and rule'),
  ('private.recompute_jobs',      'local', 'an identity as key; few rows'),
  ('private.outbox',              'local', 'a queue taken from in one order, with the alerts'),
  ('private.settings',            'local', 'read by functions in SQL with arguments, which Citus refuses on its tables'),
  ('private.signing_keys',        'local', 'belongs to no store'),
  ('private.denials',             'local', 'belongs to no store'),
  ('private.archive_keys',        'local', 'belongs to no store'),
  ('private.archives',            'local', 'belongs to no store'),
  ('private.erasures',            'local', 'belongs to no store'),
  ('private.known_days',          'local', 'belongs to no store'),
  ('private.refreshes',           'local', 'belongs to no store'),
  ('private.fleet_evaluation',    'local', 'belongs to no store');

-- Functions that may run as a whole at the worker that has the store: their argument store_id says which, and they
-- touch nothing but tables that lie there.
create temporary table citus_delegated (function text primary key, why text not null);
insert into citus_delegated values
  ('private.with_slots(integer,private.reading[])', 'its advisory lock is then taken where the store is, whichever node was asked'),
  ('private.put_coverage(integer,integer,boolean,text,tstzrange,text,smallint,bigint)', 'three statements in one round trip');

-- Everything that names a distributed table. runs: by the documentation as it is; slower: so, but in several round
-- trips or more than one store at a time; rewrite: Citus refuses it, and why.
create temporary table citus_touching (object text primary key, verdict text not null check (verdict in ('runs', 'slower', 'rewrite')), why text not null);
insert into citus_touching values
  ('private.add_passage(data.stores,smallint,private.reading)', 'runs', 'three inserts of one row, each to one shard'),
  ('private.apply_given_up(data.gateways,smallint,jsonb)', 'runs', 'an upsert of one row'),
  ('private.apply_readings(data.stores,smallint,jsonb,private.reading[])', 'runs', 'one store'),
  ('private.apply_counters(data.gateways,private.epochs,jsonb)', 'runs', 'what is inserted is worked out at the coordinator'),
  ('private.apply_moves(data.stores,smallint,jsonb,private.reading[])', 'slower', 'four changing parts of one statement, one after the other'),
  ('private.correct_people(data.stores,smallint,private.reading[])', 'runs', 'one store'),
  ('private.correct_regional(data.stores,smallint,private.reading[])', 'runs', 'one store'),
  ('private.counted_days(integer)', 'runs', 'one store'),
  ('private.keep_calendar()', 'runs', 'a trigger of a local table that asks for one store'),
  ('private.parse_plain(jsonb,jsonb,integer,bigint,bigint)', 'runs', 'one store'),
  ('private.parse_series(jsonb,jsonb,integer,timestamp with time zone)', 'runs', 'one store; its helpers must be at the workers'),
  ('private.outranked(integer,private.reading[])', 'rewrite', 'calls slots_of_bucket, which reads a table, in a statement that goes to a worker'),
  ('private.recompute_range(data.stores,daterange)', 'runs', 'one store'),
  ('private.recompute_job(private.recompute_jobs,integer)', 'runs', 'one store'),
  ('private.slots_of_bucket(integer,integer,text,text)', 'runs', 'one store'),
  ('private.with_slots(integer,private.reading[])', 'runs', 'one store'),
  ('private.without_guarded(integer,smallint,private.reading[])', 'runs', 'one store'),
  ('private.maintain()', 'runs', 'deletes from all shards, bounds worked out first'),
  ('api.targets_and_actuals(text,text,date,date)', 'runs', 'sums per shard, added up at the coordinator'),
  ('private.import_readings(data.stores,jsonb)', 'runs', 'one store'),
  ('private.countings', 'runs', 'inside statements of one store'),
  ('private.raw_keys', 'runs', 'inside statements of one store'),
  ('private.add_people(data.stores,smallint,private.reading[])', 'slower', 'three inserts in one statement, one after the other'),
  ('private.add_regional(data.stores,smallint,private.reading[])', 'slower', 'three inserts in one statement, one after the other'),
  ('private.put_coverage(integer,integer,boolean,text,tstzrange,text,smallint,bigint)', 'slower', 'a delete and an insert in one statement, one after the other'),
  ('private.newest_reading(integer,integer)', 'slower', 'a round trip for every sensor of a page'),
  ('private.counters_for(data.gateways)', 'slower', 'joins a local table, whose rows are sent along'),
  ('private.hand_over_to_card()', 'slower', 'joins a local table, whose rows are sent along'),
  ('private.refresh_analytics(boolean)', 'slower', 'sees no change counts of shards: call it with true'),
  ('private.recompute_hours(data.stores,private.bucket[])', 'rewrite', 'calls slots_of_bucket, which reads a table, in a statement that goes to a worker'),
  ('private.recompute_days(data.stores,private.bucket[])', 'rewrite', 'calls slots_of_bucket, which reads a table, in a statement that goes to a worker'),
  ('private.hand_over(integer,bigint,integer)', 'rewrite', 'an update whose value asks a local table, row by row'),
  ('private.find_capacity(data.gateways,data.stores,jsonb)', 'rewrite', 'local rows each asking a distributed table (lateral outer join)'),
  ('private.quiet_sensors(bigint,integer,timestamp with time zone)', 'rewrite', 'local rows each asking a distributed table (exists)'),
  ('private.day_checksums(data.gateways,smallint,timestamp with time zone)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.day_coverage(integer[],date,date)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.day_figures(private.scope,date,date)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.explained_readings(integer,integer,timestamp with time zone,timestamp with time zone,text,integer)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.explained_sums(integer,integer,timestamp with time zone,timestamp with time zone,text)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.explained_surroundings(integer,data.sensor_metadata,timestamp with time zone,timestamp with time zone,text)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.hour_coverage(integer[],timestamp with time zone,timestamp with time zone)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.hour_figures(private.scope,timestamp with time zone,timestamp with time zone)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.metric_days(integer[],date,date)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('private.metric_hours(integer[],date,date)', 'rewrite', 'SQL with arguments, below PostgreSQL 18'),
  ('api.hourly', 'rewrite', 'names come from functions that read tables, at the workers'),
  ('api.daily', 'rewrite', 'names come from functions that read tables, at the workers'),
  ('private.store_daily', 'rewrite', 'rests on day_coverage'),
  ('private.sensor_uptime', 'rewrite', 'rests on day_coverage'),
  -- These put the table's name together at run time.
  ('private.forget_organization(bigint,integer)', 'rewrite', 'deletes in batches by ctid, which means nothing over several shards'),
  ('private.forget_store(bigint,integer,integer)', 'rewrite', 'deletes in batches by ctid, which means nothing over several shards'),
  ('private.delete_from(text,text,integer[],bigint)', 'rewrite', 'deletes in batches by ctid, which means nothing over several shards');
grant select on citus_placement, citus_delegated, citus_touching to public;  -- the script reads them as the owner
\set citus_placement loaded
