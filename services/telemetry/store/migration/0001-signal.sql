-- What programs sent, and what the platform's processes said of their own calls.
create table log_record (
  tenant bigint not null, scope bigint not null, at timestamptz not null, id bigint generated always as identity,
  severity smallint not null, severity_text text not null, service text not null, body text not null,
  trace text not null, span text not null, attributes jsonb not null, resource jsonb not null,
  primary key (tenant, scope, at, id)
);
create index log_trace on log_record (tenant, scope, trace) where trace <> '';

create table span (
  tenant bigint not null, scope bigint not null, trace text collate "C" not null, span text collate "C" not null,
  parent text not null, name text not null, kind smallint not null, service text not null,
  at timestamptz not null, start_ns bigint not null, duration_ns bigint not null, failed boolean not null, message text not null,
  attributes jsonb not null, resource jsonb not null, events jsonb not null,
  primary key (tenant, scope, trace, span)
);
create index span_time on span (tenant, scope, at);

create table series (
  tenant bigint not null, scope bigint not null, id uuid not null, name text not null, kind text not null, unit text not null,
  cumulative boolean not null, labels jsonb not null, seen_at timestamptz not null default now(),
  primary key (tenant, scope, id)
);
create index series_name on series (tenant, scope, name);
create table point (
  tenant bigint not null, scope bigint not null, series uuid not null, at timestamptz not null,
  value float8 not null, count float8 not null, buckets jsonb,
  primary key (tenant, scope, series, at)
);
create index point_time on point (tenant, scope, at);

-- One process' count of one operation in one minute: reported again it is the same row, so nothing counts twice.
create table operation_window (
  tenant bigint not null, scope bigint not null, minute timestamptz not null, service text not null, operation text not null,
  outcome text not null, reporter text not null, failed boolean not null, count bigint not null, seconds float8 not null, buckets bigint[] not null,
  primary key (tenant, scope, minute, service, operation, outcome, reporter)
);

create table retention (
  tenant bigint not null, scope bigint not null, signal text not null, days int not null,
  primary key (tenant, scope, signal)
);

select gamut.isolate('log_record'), gamut.isolate('span'), gamut.isolate('series'), gamut.isolate('point'),
  gamut.isolate('operation_window'), gamut.isolate('retention');
