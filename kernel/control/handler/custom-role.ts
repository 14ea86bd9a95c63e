import { json } from '#seams/sql/sql.ts';
import type { Call, Handlers } from '../../contract/call.ts';
import { builtInRoles } from '../../contract/contract.ts';
import { fault } from '../../contract/fault.ts';
import { parsePolicies } from '../../policy/authority.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, enveloped, found, own, paged, type Row } from '../context.ts';
import { customRolesMax } from '../policy/limits.ts';
import { policyKey } from '../policy-entry.ts';
import { registeredContracts } from '../register.ts';
import type { platform } from '../service.ts';

type Mine = Pick<Handlers<typeof platform>, 'CreateCustomRole' | 'ListCustomRoles' | 'DeleteCustomRole'>;

const roleOf = (row: Row) => enveloped(row, String(row.name), { title: String(row.title), operations: row.operations as string[] });

/** Roles that a tenant makes of operations; they hold as policies of the tenant. */
export function customRoleHandlers(context: Context): Mine {
  return {
    async CreateCustomRole(call) {
      const { tenant } = call.caller;
      const { name, title = name, operations } = call.input;
      const contracts = await registeredContracts(context);
      const isTaken =
        name === 'operator' ||
        (builtInRoles as readonly string[]).includes(name) ||
        Object.values(contracts).some(({ roles }) => Object.hasOwn(roles, name));
      if (isTaken) throw fault('Conflict', `The role ${name} is there already.`);
      const actions = operations.map((each) => {
        const [service = '', operation = ''] = each.split('.');
        const contract = Object.hasOwn(contracts, service) ? contracts[service] : undefined;
        if (!contract || !Object.hasOwn(contract.operations, operation))
          throw fault('BadInput', { path: '/operations', detail: `There is no operation ${each}.` });
        return `${service}::Action::"${operation}"`;
      });
      const text = `permit (principal in Gamut::Role::"${name}", action in [${actions.join(', ')}], resource);`;
      const policies = parsePolicies(text).map(({ est }) => ({ id: `role.${name}`, est }));
      const id = context.ids.next();
      await change(context, call.caller, async (tx, note) => {
        const made = await tx.query(
          `insert into platform.custom_role (tenant, id, name, title, operations, policies) select $1, $2, $3, $4, $5, $6
           where (select count(*) from platform.custom_role) < $7 on conflict do nothing`,
          [tenant, id, name, title, operations, json(policies), customRolesMax],
        );
        if (made.count === 0) throw fault('Conflict', `The role ${name} is there already, or there are ${customRolesMax}.`);
        await note(tenant, 'policy', policyKey(tenant, 'role', name));
      });
      const { rows } = await own(context, call as Call).query('select * from platform.custom_role where id = $1', [id]);
      return { output: roleOf(found(rows, `role ${name}`)) };
    },
    async ListCustomRoles(call) {
      const { after = '', limit = 100 } = call.input;
      const { rows } = await own(context, call as Call).query('select * from platform.custom_role where name > $1 order by name limit $2', [
        after,
        limit + 1,
      ]);
      return { output: paged((rows as Row[]).map(roleOf), limit) };
    },
    async DeleteCustomRole(call) {
      const { tenant } = call.caller;
      await change(context, call.caller, async (tx, note) => {
        const gone = await tx.query('delete from platform.custom_role where name = $1', [call.ref.name]);
        if (gone.count === 0) throw fault('NotFound', `There is no role ${call.ref.name}.`);
        const { rows } = await tx.query('delete from platform.binding where role = $1 returning principal', [call.ref.name]);
        for (const row of rows as Row[]) await note(tenant, 'principal', [formatId(tenant), String(row.principal)]);
        await note(tenant, 'policy', policyKey(tenant, 'role', call.ref.name));
      });
      return { output: {} };
    },
  };
}
