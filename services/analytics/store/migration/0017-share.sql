-- The part of a view's plan that another view computes, whose changes it reads; while it does the other cannot be dropped.
-- Rows that there are have none, and are not looked at: a migration is of no environment, and sees no rows.
alter table relation add column shares bigint, add column part jsonb;
alter table relation add foreign key (tenant, scope, shares) references relation (tenant, scope, id) deferrable initially deferred not valid;
