-- The files that a source found, in the order in which it reads them.
create table file (
  tenant bigint not null, scope bigint not null, source bigint not null, number bigint not null, key text collate "C" not null,
  primary key (tenant, scope, source, number), unique (tenant, scope, source, key),
  foreign key (tenant, scope, source) references relation (tenant, scope, id) on delete cascade
);

select gamut.isolate('file');
