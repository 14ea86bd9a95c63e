-- Topics that were made for tables and are of none: of those that were dropped, that others took the place of, or that are not
-- kept yet. Each is written down by the transaction that makes it so, and taken away once it is deleted.
create table loose_topic (
  tenant bigint not null, scope bigint not null, topic text collate "C" not null,
  primary key (tenant, scope, topic)
);

select gamut.isolate('loose_topic');
