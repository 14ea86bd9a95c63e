-- Sources and views. A view counts its commits; whoever commits against another count was overtaken.
create table relation (
  tenant bigint not null, scope bigint not null, name text collate "C" not null,
  id bigint generated always as identity, kind text not null check (kind in ('source', 'view')), columns jsonb not null,
  topic text not null, source text collate "C", text text, created timestamptz not null default now(),
  epoch bigint not null default 0, groups bigint not null default 0, rejected bigint not null default 0, rejection text,
  primary key (tenant, scope, name), unique (tenant, scope, id),
  foreign key (tenant, scope, source) references relation (tenant, scope, name)
);

-- How far a view has read its topic.
create table position (
  tenant bigint not null, scope bigint not null, view bigint not null, part int not null, next bigint not null,
  primary key (tenant, scope, view, part),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade
);

-- The groups of a view, by the hash of their keys; what they hold is sealed.
create table grouped (
  tenant bigint not null, scope bigint not null, view bigint not null, key bytea not null, sealed bytea not null,
  primary key (tenant, scope, view, key),
  foreign key (tenant, scope, view) references relation (tenant, scope, id) on delete cascade
);

-- Ends the transaction of a commit that was overtaken.
create function exactly_one(changed bigint) returns boolean language plpgsql as $$
begin
  if changed <> 1 then raise exception 'the view was changed meanwhile' using errcode = 'GM409'; end if;
  return true;
end $$;

select gamut.isolate('relation'), gamut.isolate('position'), gamut.isolate('grouped');
