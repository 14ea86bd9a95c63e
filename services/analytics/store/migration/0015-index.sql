-- Columns by which rows of a table are found, beside those of its constraints.
alter table relation add column indexes jsonb;
