-- Deploy lintel:user_profiles to pg
-- requires: stores

begin;
set local role lintel_owner;

create table data.user_profiles (
  id                  uuid primary key,
  organization_id     bigint not null references data.organizations (id) on delete restrict,
  role                text not null
                      check (role in ('organization_administrator', 'regional_manager', 'store_staff', 'auditor')),
  display_name        text not null default '' check (length(display_name) <= 200),
  timezone_preference text not null default 'UTC',
  email_notifications boolean not null default false,
  node_ids            bigint[] not null default '{}' check (array_position(node_ids, null) is null),
  store_ids           integer[] not null default '{}' check (array_position(store_ids, null) is null),
  lifecycle           data.lifecycle not null default 'active',
  metadata            jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  settings            jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  deleted_at          timestamptz,
  -- The tenant is a root: only roots are their own organization.
  foreign key (organization_id, organization_id) references data.organizations (organization_id, id) on delete restrict
);

comment on table data.user_profiles is 'What a person may see. No credentials: whoever issues the token proves who it is.';
comment on column data.user_profiles.id is 'Subject of the person''s token (on Supabase auth.users.id)';
comment on column data.user_profiles.organization_id is 'The tenant';
comment on column data.user_profiles.role is 'organization_administrator configures and auditor reads the whole tenant; regional_manager configures the stores below node_ids, store_staff names what its stores hold';
comment on column data.user_profiles.display_name is 'Name to show';
comment on column data.user_profiles.timezone_preference is 'Zone in which to show times';
comment on column data.user_profiles.email_notifications is 'Whether alerts are mailed';
comment on column data.user_profiles.node_ids is 'Nodes whose stores, also further down, the person sees; ids of another tenant give nothing';
comment on column data.user_profiles.store_ids is 'Single stores the person sees; ids of another tenant give nothing';
comment on column data.user_profiles.lifecycle is 'Only active profiles see anything';
comment on column data.user_profiles.metadata is 'Free data';
comment on column data.user_profiles.settings is 'Configuration';
comment on column data.user_profiles.created_at is 'When the row was made';
comment on column data.user_profiles.updated_at is 'When its configuration last changed';
comment on column data.user_profiles.deleted_at is 'When it was deleted';

alter table data.user_profiles enable row level security;

notify pgrst, 'reload schema';
commit;
