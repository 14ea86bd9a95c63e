-- Second factors of persons: secrets and public keys are sealed. A passkey is found by its handle, which is random.
create table factor (
  id bigint primary key, person bigint not null references person (id), kind text not null check (kind in ('totp', 'passkey')),
  title text not null, sealed bytea not null, handle text unique, last_step bigint not null default 0, counter bigint not null default 0,
  confirmed_at timestamptz, used_at timestamptz, created_at timestamptz not null default now()
);
create index factor_person on factor (person);

-- Of recovery codes only a keyed hash is kept; each works once.
create table recovery_code (
  person bigint not null references person (id), hash bytea not null, used_at timestamptz, primary key (person, hash)
);

-- How a session was proven, and (sealed) where it was begun; the network only as a keyed hash.
alter table session add column assurance int not null default 1, add column factor_at timestamptz,
  add column seen_at timestamptz not null default now(), add column origin_sealed bytea, add column net_hash bytea;
create index session_net on session (net_hash);

-- Where a person signed in last, sealed.
alter table person add column last_sealed bytea;
alter table organization add column factors text not null default 'optional' check (factors in ('optional', 'required'));

-- Programs that act in an organization under a name of their own.
create table service_account (
  tenant bigint not null, id bigint not null, name text not null, title text not null, role text not null, scope bigint not null default 0,
  version bigint not null default 1, created_at timestamptz not null default now(), primary key (tenant, id), unique (tenant, name)
);
select gamut.isolate_tenant('service_account');
create index binding_principal on binding (principal);
