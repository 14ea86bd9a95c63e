-- Temporary credentials: derived from another, with which they end, and good only together with a token.
alter table credential add column parent bigint, add column token_hash text;
create index credential_parent on credential (parent) where parent is not null;
