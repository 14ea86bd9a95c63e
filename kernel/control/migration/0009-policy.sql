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
