-- Views keep what their operators remember as a list of changes and, now and then, all of it; both are sealed.
drop table grouped;
drop table position;

alter table relation drop column source;
alter table relation alter column topic drop not null;
-- What was kept before was kept in another form: views are computed anew from their topics.
alter table relation add column shape text;

-- What a view reads: sources, and views whose text became part of its own.
create table need (
  tenant bigint not null, scope bigint not null, view bigint not null, relation bigint not null,
  primary key (tenant, scope, view, relation),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade,
  foreign key (tenant, scope, relation) references relation (tenant, scope, id)
);

-- How far a view has read the topics of its sources.
create table position (
  tenant bigint not null, scope bigint not null, view bigint not null, source bigint not null, part int not null, next bigint not null,
  primary key (tenant, scope, view, source, part),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade
);

create table state (
  tenant bigint not null, scope bigint not null, view bigint not null, epoch bigint not null, part int not null, sealed bytea not null,
  primary key (tenant, scope, view, epoch, part),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade
);

select gamut.isolate('need'), gamut.isolate('position'), gamut.isolate('state');
