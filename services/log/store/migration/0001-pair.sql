-- Which process holds the log when two keep it. `version` grows with every change: who changes the row names the one it saw.
create table pair (
  one boolean primary key default true check (one),
  version bigint not null default 0,
  epoch bigint not null default 0,
  holder text not null,
  synced boolean not null default false
);
