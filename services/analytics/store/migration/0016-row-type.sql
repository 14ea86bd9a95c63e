-- Types of rows, whose columns are their fields.
alter table relation drop constraint relation_kind_check;
alter table relation add constraint relation_kind_check check (kind in ('source', 'view', 'sink', 'table', 'type'));
