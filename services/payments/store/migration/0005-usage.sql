-- What meters were told, in the order that it was taken; an identifier is taken once.
create table usage (
  tenant bigint not null, scope bigint not null, meter text collate "C" not null, identifier text collate "C" not null,
  seq bigint generated always as identity, customer text collate "C" not null, at bigint not null, value numeric not null,
  told_at bigint not null, is_canceled boolean not null default false,
  primary key (tenant, scope, meter, identifier)
);
create index usage_customer on usage (tenant, scope, meter, customer, at);

select gamut.isolate('usage');

-- The bytes of files.
create table content (
  tenant bigint not null, scope bigint not null, id text collate "C" not null, sealed bytea not null,
  primary key (tenant, scope, id)
);

select gamut.isolate('content');
