-- What is to be told to whom: written with the event, gone when the receiver has it.
create table delivery (
  tenant bigint not null, scope bigint not null, event text collate "C" not null, endpoint text collate "C" not null,
  attempts int not null default 0, next_at timestamptz not null default now(), is_done boolean not null default false,
  primary key (tenant, scope, event, endpoint)
);
create index delivery_due on delivery (tenant, scope, next_at) where not is_done;

select gamut.isolate('delivery');
