-- Functions in SQL, whose bodies stand in the place of their calls.
create table sql_function (
  tenant bigint not null, scope bigint not null, name text collate "C" not null,
  id bigint generated always as identity, text text not null, created timestamptz not null default now(),
  primary key (tenant, scope, name), unique (tenant, scope, id)
);

-- Which functions a view or sink calls, or another function.
create table calling (
  tenant bigint not null, scope bigint not null, id bigint generated always as identity,
  function bigint not null, relation bigint, caller bigint,
  primary key (tenant, scope, id),
  foreign key (tenant, scope, function) references sql_function (tenant, scope, id),
  foreign key (tenant, scope, relation) references relation (tenant, scope, id) on delete cascade,
  foreign key (tenant, scope, caller) references sql_function (tenant, scope, id) on delete cascade
);
create index on calling (tenant, scope, function);

select gamut.isolate('sql_function'), gamut.isolate('calling');
