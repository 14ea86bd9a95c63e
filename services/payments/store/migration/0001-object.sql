-- The objects of the API. What says who somebody is lies sealed beside the rest; `hidden` is what clients do not see.
create table object (
  tenant bigint not null, scope bigint not null, id text collate "C" not null, kind text not null,
  seq bigint generated always as identity, created bigint not null, version int not null default 1,
  body jsonb not null, sealed bytea, hidden jsonb not null default '{}', mark text,
  customer text generated always as (body->>'customer') stored,
  payment_intent text generated always as (body->>'payment_intent') stored,
  charge text generated always as (body->>'charge') stored,
  source text generated always as (body->>'source') stored,
  primary key (tenant, scope, id)
);
create index object_kind on object (tenant, scope, kind, seq desc);
create index object_customer on object (tenant, scope, customer, seq desc) where customer is not null;
create index object_intent on object (tenant, scope, payment_intent, seq desc) where payment_intent is not null;
create index object_charge on object (tenant, scope, charge, seq desc) where charge is not null;
create index object_source on object (tenant, scope, source) where source is not null;
create index object_mark on object (tenant, scope, mark) where mark is not null;
-- What is not to be paid out yet.
create index object_pending on object (tenant, scope, ((body->>'available_on')::bigint)) where kind = 'balance_transaction';

-- What is about to move money, from before the ledger is asked until all of it is written down.
create table step (
  tenant bigint not null, scope bigint not null, id text collate "C" not null, kind text not null, subject text not null,
  input jsonb not null, is_done boolean not null default false, refusal jsonb, at timestamptz not null default now(),
  primary key (tenant, scope, id)
);
create index step_open on step (tenant, scope, subject) where not is_done;

-- Replies to requests with an idempotency key; one without a reply is on its way in the process of that boot.
create table reply (
  tenant bigint not null, scope bigint not null, key text collate "C" not null, operation text not null, hash bytea not null,
  seed text not null, boot text not null, status int, sealed bytea, at timestamptz not null default now(),
  primary key (tenant, scope, key)
);

create table secret (
  tenant bigint not null, scope bigint not null, name text not null, sealed bytea not null,
  primary key (tenant, scope, name)
);

-- Ends the transaction of a change that met an object in another version than it had read.
create function exactly_one(changed bigint) returns boolean language plpgsql as $$
begin
  if changed <> 1 then raise exception 'the object was changed meanwhile' using errcode = 'GM409'; end if;
  return true;
end $$;

select gamut.isolate('object'), gamut.isolate('step'), gamut.isolate('reply'), gamut.isolate('secret');
