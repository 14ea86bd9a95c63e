-- Identities of usage events are only ever compared for equality, and bytes compare several times faster than a language's order.
alter table usage_seen alter column source type text collate "C", alter column id type text collate "C";
