-- Who writes into the topic that a webhook is, sealed.
alter table webhook add column login_sealed bytea;
