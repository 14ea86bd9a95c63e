-- Plain views: a SELECT under a name, which is expanded wherever it is named.
alter table relation drop constraint relation_kind_check;
alter table relation add constraint relation_kind_check check (kind in ('source', 'view', 'query', 'sink', 'table', 'type'));
