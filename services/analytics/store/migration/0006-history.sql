-- What commits changed of views that remember it: `fresh` is where a view was computed anew, before which nothing is known.
create table history (
  tenant bigint not null, scope bigint not null, view bigint not null, epoch bigint not null, part int not null,
  at timestamptz not null, fresh boolean not null, sealed bytea not null,
  primary key (tenant, scope, view, epoch, part),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade
);
create index on history (tenant, scope, view, at);

select gamut.isolate('history');
