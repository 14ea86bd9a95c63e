-- What leads to other systems: the address may be shown, how to come in there is sealed.
create table connection (
  tenant bigint not null, scope bigint not null, name text collate "C" not null,
  id bigint generated always as identity, kind text not null, address text not null, sealed bytea not null,
  created timestamptz not null default now(),
  primary key (tenant, scope, name), unique (tenant, scope, id)
);

-- Which connection a sink goes over; it stays for as long.
create table passage (
  tenant bigint not null, scope bigint not null, relation bigint not null, connection bigint not null,
  primary key (tenant, scope, relation),
  foreign key (tenant, scope, relation) references relation (tenant, scope, id) on delete cascade,
  foreign key (tenant, scope, connection) references connection (tenant, scope, id)
);

select gamut.isolate('connection'), gamut.isolate('passage');
