alter table titles add column sold boolean not null default false;
