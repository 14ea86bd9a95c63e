-- Files of models, which functions are, by their hashes.
create table model (
  tenant bigint not null, scope bigint not null, hash text not null, sealed bytea not null,
  primary key (tenant, scope, hash)
);
alter table sql_function add column model text;
select gamut.isolate('model');
