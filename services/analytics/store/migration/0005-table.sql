-- Tables: relations whose rows are kept here, and whose changes go into a topic of their own.
alter table relation drop constraint relation_kind_check;
alter table relation add constraint relation_kind_check check (kind in ('source', 'view', 'sink', 'table'));
