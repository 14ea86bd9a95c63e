-- Where a tenant wants its events sent. `position` is the sequence of the last event that was looked at.
create table webhook (
  tenant bigint not null, id bigint not null, title text not null, url text not null, types text[] not null, scope bigint not null default 0,
  secret_sealed bytea not null, previous_sealed bytea, overlap_until timestamptz,
  attempts int not null, state text not null default 'enabled' check (state in ('enabled', 'disabled')), reason text,
  position bigint not null default 0, generation int not null default 1, version bigint not null default 1,
  created_at timestamptz not null default now(), primary key (tenant, id)
);

-- What came of each event that a webhook wanted.
create table webhook_delivery (
  tenant bigint not null, webhook bigint not null, sequence bigint not null, state text not null check (state in ('delivered', 'waiting', 'dead')),
  attempt int not null, due_at timestamptz, status int, error text, took_ms int, at timestamptz not null default now(),
  primary key (tenant, webhook, sequence), foreign key (tenant, webhook) references webhook (tenant, id) on delete cascade
);
create index webhook_delivery_due on webhook_delivery (due_at) where state = 'waiting';
create index webhook_delivery_state on webhook_delivery (tenant, webhook, state, sequence);
select gamut.isolate_tenant('webhook'), gamut.isolate_tenant('webhook_delivery');
-- What a tenant's own policies say, in Cedar's text and JSON form; judged when written.
create table policy (
  tenant bigint not null, id bigint not null, name text not null, text text not null, est jsonb not null, step_up boolean not null default false,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, name)
);

-- Roles that a tenant makes: lists of operations, `<service>.<operation>`, with the policies made of them.
create table custom_role (
  tenant bigint not null, id bigint not null, name text not null, title text not null, operations text[] not null, policies jsonb not null,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, name)
);

-- The platform's guard-rails: they only forbid, hold for every tenant, and no tenant can see past them.
create table guard_rail (
  id bigint primary key, name text not null unique, text text not null, est jsonb not null, step_up boolean not null default false,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now()
);
select gamut.isolate_tenant('policy'), gamut.isolate_tenant('custom_role');
