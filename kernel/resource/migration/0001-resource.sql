-- What the kernel keeps for a service: resources it owns with their history, and replies to keyed requests.
create table resource (
  tenant bigint not null, scope bigint not null, kind text not null, name text not null,
  uid bigint not null, generation int not null default 1, version bigint not null, labels jsonb not null default '{}',
  spec jsonb not null, status jsonb, created_at timestamptz not null default now(), deleting timestamptz,
  primary key (tenant, scope, kind, name)
);
create table resource_head (tenant bigint not null, scope bigint not null, version bigint not null, primary key (tenant, scope));
create table resource_change (
  tenant bigint not null, scope bigint not null, version bigint not null, kind text not null, type text not null, body jsonb not null,
  primary key (tenant, scope, version)
);
create table repeat (
  tenant bigint not null, scope bigint not null, operation text not null, key text not null,
  hash bytea not null, status int not null, headers jsonb not null, reply bytea not null, at timestamptz not null default now(),
  primary key (tenant, scope, operation, key)
);
select gamut.isolate('resource'), gamut.isolate('resource_head'), gamut.isolate('resource_change'), gamut.isolate('repeat');
