-- What this platform cosigned last of each log that it is a witness of. Such a row never goes back.
create table witnessed_log (origin text primary key, size bigint not null, root bytea not null, at timestamptz not null default now());
