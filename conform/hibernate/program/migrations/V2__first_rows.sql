insert into publishers (name) values ('first'), ('second');
