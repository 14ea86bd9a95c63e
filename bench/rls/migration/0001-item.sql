create table safe_item (
  tenant bigint not null, scope bigint not null, id bigint not null, body text not null, at timestamptz not null default now(),
  primary key (tenant, scope, id));
select gamut.isolate('safe_item');
create table plain_item (
  tenant bigint not null, scope bigint not null, id bigint not null, body text not null, at timestamptz not null default now(),
  primary key (tenant, scope, id));
