-- Keys of organizations: what people see of them. The material is in keeper's files; the key whose id is the tenant's is its own ring.
create table key (
  tenant bigint not null, id bigint not null, name text not null, title text not null,
  state text not null default 'enabled' check (state in ('enabled', 'disabled', 'pending', 'destroyed')),
  imported boolean not null default false, strict boolean not null default false, destroy_at timestamptz,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, name)
);
create index key_due on key (tenant, destroy_at) where state = 'pending';
select gamut.isolate_tenant('key');
