-- Where each alert stands, and what its receivers were last told.
create table alert (
  tenant bigint not null, scope bigint not null, rule text not null, fingerprint text not null, labels jsonb not null, state text not null,
  value float8, since timestamptz not null, fired_at timestamptz, resolved_at timestamptz,
  told_state text not null default '', told_at timestamptz, told text not null default '',
  primary key (tenant, scope, rule, fingerprint)
);
select gamut.isolate('alert');
