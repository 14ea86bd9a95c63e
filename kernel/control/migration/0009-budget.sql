-- Usage may say more than its meter: `dimensions` is a JSON object with its names in order, and '' where nothing was said.
alter table usage_window add column dimensions text collate "C" not null default '';
alter table usage_window drop constraint usage_window_pkey;
alter table usage_window add primary key (tenant, scope, service, meter, minute, dimensions);

-- What an organization means to use at most in a period. Scope 0 is every environment.
create table budget (
  tenant bigint not null, id bigint not null, title text not null, service text not null, meter text not null, scope bigint not null default 0,
  dimension text, value text, period text not null check (period in ('hour', 'day', 'month')), amount bigint not null,
  thresholds int[] not null, notify text[] not null,
  generation int not null default 1, version bigint not null default 1, created_at timestamptz not null default now(),
  primary key (tenant, id)
);
create index budget_order on budget (id);

-- A threshold reached in a period. `told` once its event is in the journal; `mailed_to` is the last member who got the mail, null once all have.
create table budget_alert (
  tenant bigint not null, budget bigint not null, generation int not null, since timestamptz not null, percent int not null, used numeric not null,
  amount bigint not null, at timestamptz not null default now(), told boolean not null default false, mailed_to bigint default 0, tries int not null default 0,
  primary key (tenant, budget, generation, since, percent), foreign key (tenant, budget) references budget (tenant, id) on delete cascade
);
create index budget_alert_due on budget_alert (at) where not told or mailed_to is not null;

-- A rate that differs from the contract's, in units per second, by `<service>.<quota>`; operators set it.
create table quota (
  tenant bigint not null, scope bigint not null, name text not null, per_second bigint not null, set_at timestamptz not null default now(),
  primary key (tenant, scope, name)
);
select gamut.isolate_tenant('budget'), gamut.isolate_tenant('budget_alert'), gamut.isolate_tenant('quota');
