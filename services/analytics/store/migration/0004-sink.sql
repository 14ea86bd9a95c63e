-- Sinks: views whose changes go elsewhere.
alter table relation drop constraint relation_kind_check;
alter table relation add constraint relation_kind_check check (kind in ('source', 'view', 'sink'));
alter table relation add column target jsonb;

-- What a commit gives out, until it is delivered. Lane 0 is of a sink's changes, others of the records that a source's views refused.
create table outbox (
  tenant bigint not null, scope bigint not null, relation bigint not null, lane bigint not null, epoch bigint not null, part int not null,
  sealed bytea not null,
  primary key (tenant, scope, relation, lane, epoch, part),
  foreign key (tenant, scope, relation) references relation (tenant, scope, id) on delete cascade
);

select gamut.isolate('outbox');
