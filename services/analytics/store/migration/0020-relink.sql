-- What stands on a relation that another takes the place of within a transaction goes over to that before it ends.
alter table need alter constraint need_tenant_scope_relation_fkey deferrable initially immediate;

-- Has a transaction look at the end whether all that is needed is there.
create function constraints_at_end() returns boolean language plpgsql as $$
begin
  set constraints all deferred;
  return true;
end $$;
