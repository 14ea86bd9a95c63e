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
