-- By what name a view knows a relation that was renamed since, and how many of its columns there were for it where some were added.
alter table need add column said text collate "C", add column width int;
-- For how many milliseconds a view remembers what was, where that was said behind its statement; 0 is for none; and since when.
alter table relation add column history_ms bigint, add column history_from timestamptz;
