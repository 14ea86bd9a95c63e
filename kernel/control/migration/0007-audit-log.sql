-- Each audit record is an entry of its tenant's Merkle log: `entry` is the leaf, sealed, and the columns beside it are what
-- the log is searched by. No platform ran in earnest before this, so there is nothing to carry over.
truncate audit_record, audit_head;
alter table audit_record
  drop column name, drop column principal, drop column credential, drop column via, drop column face, drop column request_id, drop column detail,
  add column name_hash bytea not null, add column subject_hash bytea not null, add column entry bytea not null;

-- Records of a process that went into logs, counted without a gap.
alter table journal_cursor add column audited bigint not null default 0;

-- The root log's entries, and what was signed last of every log. A checkpoint stands here before it is published.
create table audit_root (number bigint primary key, entry bytea not null);
create table audit_log (log text primary key, size bigint not null, root bytea not null, note text not null, at timestamptz not null);
