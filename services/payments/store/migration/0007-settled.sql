-- What of what was expected a bank has moved: a line of the statement, or a payout on its way there or back.
create table settled (
  tenant bigint not null, scope bigint not null, item text collate "C" not null, entry text collate "C" not null,
  primary key (tenant, scope, item)
);
select gamut.isolate('settled');
