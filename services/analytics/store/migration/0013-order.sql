-- In what orders a view or sink joins relations; of those that were made before, no order was weighed.
alter table relation add column orders jsonb;
