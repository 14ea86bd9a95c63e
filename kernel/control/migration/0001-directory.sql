-- Who there is: organizations are tenants; projects and environments lie in them; persons belong to the platform.
create table organization (
  id bigint primary key,
  name text not null unique,
  title text not null,
  regions text[] not null default '{}',
  generation int not null default 1,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);

create table project (
  tenant bigint not null, id bigint not null, name text not null, title text not null,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, name)
);

create table environment (
  tenant bigint not null, id bigint not null, project bigint not null, name text not null, title text not null,
  kind text not null check (kind in ('live', 'test', 'sandbox')),
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, project, name),
  foreign key (tenant, project) references project (tenant, id)
);

-- E-mail addresses are sealed; they are found by a keyed hash. A password is an Argon2id PHC string.
create table person (
  id bigint primary key,
  email_hash bytea not null unique,
  email_sealed bytea not null,
  password text,
  created_at timestamptz not null default now()
);

create table member (
  tenant bigint not null, id bigint not null, person bigint not null references person (id), role text not null,
  accepted_at timestamptz, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id), unique (tenant, person)
);

-- Roles of principals. Scope 0 is the whole tenant; tenant 0 is the platform itself.
create table binding (
  tenant bigint not null, principal text not null, role text not null, scope bigint not null default 0,
  primary key (tenant, principal, role, scope)
);

create table credential (
  tenant bigint not null, id bigint not null, scope bigint not null, principal text not null, role text not null, title text not null,
  sealed bytea not null,
  previous_sealed bytea, overlap_until timestamptz,
  access_key text,
  fingerprints text[] not null default '{}',
  labels jsonb not null default '{}',
  generation int not null default 1, version bigint not null default 1,
  created_at timestamptz not null default now(), expires_at timestamptz, rotated_at timestamptz, revoked_at timestamptz,
  primary key (tenant, id)
);

-- Imported access keys are unique on the platform, whoever holds them.
create table access_key (name text primary key, credential bigint not null);

-- A session acts as a principal: a person, or (signed in with a bearer) that credential's, with which it ends.
create table session (
  id text primary key, principal text not null, credential bigint, csrf text not null,
  created_at timestamptz not null default now(), expires_at timestamptz not null
);
create index session_principal on session (principal);

create table ticket (
  id text primary key, kind text not null check (kind in ('invitation', 'reset')), person bigint not null references person (id),
  member_tenant bigint, member_id bigint, expires_at timestamptz not null, used_at timestamptz
);

create table mail (id bigint primary key, sealed bytea not null, at timestamptz not null default now());

-- Every change of what the snapshot holds has a number, dense in order of commit.
create table change_counter (one boolean primary key default true check (one), number bigint not null);
insert into change_counter (number) values (0);
create table change (number bigint primary key, tenant_id bigint not null, kind text not null, key text[] not null, at timestamptz not null default now());

create table contract (service text primary key, version int not null, body jsonb not null, policies jsonb not null, registered_at timestamptz not null default now());

create function note_change(of_tenant bigint, of_kind text, of_key text[]) returns bigint language plpgsql security definer set search_path from current as $$
declare noted bigint;
begin
  update change_counter set number = number + 1 returning change_counter.number into noted;
  insert into change (number, tenant_id, kind, key) values (noted, of_tenant, of_kind, of_key);
  return noted;
end $$;

-- What a caller's statements may see is cut to its tenant; the platform's own login has a policy of its own, made at deploy.
select gamut.isolate_tenant('project'), gamut.isolate_tenant('environment'), gamut.isolate_tenant('member'), gamut.isolate_tenant('binding'), gamut.isolate_tenant('credential');
