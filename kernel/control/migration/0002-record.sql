-- What recorder wrote: one sequence per tenant, without gaps, in the order of the log.
create table audit_head (tenant bigint primary key, sequence bigint not null);
create table audit_record (
  tenant bigint not null, sequence bigint not null, at timestamptz not null, scope bigint not null,
  service text not null, operation text not null, kind text not null, name text not null,
  principal text not null, credential text not null, via text, face text not null, outcome text not null,
  count bigint not null, bytes bigint not null, request_id text not null, gap boolean not null default false, detail jsonb,
  primary key (tenant, sequence)
);
create index audit_time on audit_record (tenant, at);

create table usage_window (
  tenant bigint not null, scope bigint not null, service text not null, meter text not null, minute timestamptz not null, value numeric not null,
  primary key (tenant, scope, service, meter, minute)
);
create table usage_seen (tenant bigint not null, scope bigint not null, source text not null, id text not null, at timestamptz not null, primary key (tenant, scope, source, id));

create table event_head (tenant bigint primary key, sequence bigint not null);
create table event (
  tenant bigint not null, sequence bigint not null, scope bigint not null, id text not null, source text not null, type text not null,
  time timestamptz not null, subject text not null, data jsonb not null,
  primary key (tenant, sequence)
);

-- How far each journal and each service's own log was read; moved in the transaction that stores what was read.
create table journal_cursor (process text primary key, segment bigint not null, position bigint not null, sequence bigint not null, open boolean not null default false);
create table log_cursor (log text primary key, last bigint not null);

select gamut.isolate_tenant('audit_head'), gamut.isolate_tenant('audit_record'), gamut.isolate_tenant('usage_window'), gamut.isolate_tenant('usage_seen'),
  gamut.isolate_tenant('event_head'), gamut.isolate_tenant('event');
