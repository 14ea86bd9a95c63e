-- Credentials for which somebody brought SCRAM verifiers instead of a secret: the name they log in by, and of each verifier
-- what is no secret. Names are unique on the platform, whoever holds them, until their credential ends.
alter table credential add column login text, add column verifiers jsonb not null default '[]';
create table login (name text primary key, credential bigint not null);
create index login_credential on login (credential);
