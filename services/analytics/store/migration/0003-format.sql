-- How the values of a source's topic are read: up to here as JSON. Of a view it says nothing.
alter table relation add column format jsonb default '{"kind": "json"}';
alter table relation alter column format drop default;
