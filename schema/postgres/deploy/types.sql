-- Deploy lintel:types to pg
-- requires: schemas

begin;
set local role lintel_owner;

create type data.lifecycle as enum
  ('draft', 'planning', 'active', 'review', 'completed', 'cancelled', 'archived');
comment on type data.lifecycle is
  'Where an entity stands in its life, by people''s decision. A sensor that a gateway reported and nobody confirmed is in planning.';

create type data.health_status as enum ('online', 'degraded', 'offline', 'unknown', 'disabled');
comment on type data.health_status is 'How a device is doing, as the gateway (or for gateways HQ) sees it';

create type data.alert_state as enum ('open', 'acknowledged', 'resolved');
comment on type data.alert_state is 'Where an alert stands';

notify pgrst, 'reload schema';
commit;
