-- What a step makes, until it is kept with what the step ends in: sealed, because it says who somebody is.
alter table step add column sealed bytea;

-- Most objects have more bytes than a row has by itself before PostgreSQL packs it and puts parts of it aside, which costs more
-- than it saves: what is sealed cannot be packed.
alter table object set (toast_tuple_target = 8160);
alter table reply set (toast_tuple_target = 8160);
alter table step set (toast_tuple_target = 8160);

-- What is old is looked for each minute.
create index step_at on step using brin (at) with (autosummarize = on);
create index reply_at on reply using brin (at) with (autosummarize = on);

-- No list is asked for by it.
drop index object_pending;
