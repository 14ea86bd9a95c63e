-- What the stored policies of a contract follow from, so that a start that changes nothing needs no policy engine.
alter table contract add column basis text;
