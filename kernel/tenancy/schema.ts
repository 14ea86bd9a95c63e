/**
 * The SQL that every deployment's database starts with. `gamut.tenant()` and `gamut.scope()` answer an error when nothing is
 * set: the setting is unknown on a fresh connection and empty on one used before, and neither is a bigint. Both are plain
 * SQL so that the planner puts them into index conditions. `gamut.isolate(table)` makes a table tenant-scoped;
 * `gamut.isolate_tenant(table)` does it for a table that all scopes of a tenant share.
 */
export const tenancySql = `
create schema if not exists gamut;
revoke all on schema gamut from public;
create or replace function gamut.tenant() returns bigint language sql stable parallel safe
  as $$ select current_setting('gamut.tenant')::bigint $$;
create or replace function gamut.scope() returns bigint language sql stable parallel safe
  as $$ select current_setting('gamut.scope')::bigint $$;
create or replace function gamut.isolate(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s alter column tenant set default gamut.tenant(), alter column scope set default gamut.scope()', target);
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy gamut_scope on %s using (tenant = gamut.tenant() and scope = gamut.scope())'
    ' with check (tenant = gamut.tenant() and scope = gamut.scope())', target);
end $$;
create or replace function gamut.isolate_tenant(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s alter column tenant set default gamut.tenant()', target);
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy gamut_tenant on %s using (tenant = gamut.tenant()) with check (tenant = gamut.tenant())', target);
end $$;
`;
