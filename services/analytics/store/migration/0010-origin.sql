-- Where sources have their rows from, over a connection, besides topics that others write.
alter table relation add column origin jsonb;
