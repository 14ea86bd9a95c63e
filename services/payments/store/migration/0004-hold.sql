-- When the process that works under a key last said that it does.
alter table reply add column held_at timestamptz not null default now();
