-- When what a resource says was changed last: how long personal fields are kept counts from here.
alter table resource add column spec_at timestamptz not null default now();
