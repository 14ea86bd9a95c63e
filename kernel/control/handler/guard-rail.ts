import { json } from '#seams/sql/sql.ts';
import type { Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, found, paged, type Row } from '../context.ts';
import { judge } from '../policy/judge.ts';
import { guardRailsMax } from '../policy/limits.ts';
import type { platform } from '../service.ts';
import { policyOf } from './policy.ts';

type Mine = Pick<Handlers<typeof platform>, 'CreateGuardRail' | 'ListGuardRails' | 'DeleteGuardRail'>;

/** What the platform forbids everybody. */
export function guardRailHandlers(context: Context): Mine {
  const db = () => context.system.platform();
  return {
    async CreateGuardRail(call) {
      const id = context.ids.next();
      const name = call.input.name ?? `guard-${formatId(id)}`;
      const { est, stepUp } = await judge(context, name, call.input.text, 'forbid');
      await change(context, 'platform', async (tx, note) => {
        const made = await tx.query(
          `insert into platform.guard_rail (id, name, text, est, step_up) select $1, $2, $3, $4, $5
           where (select count(*) from platform.guard_rail) < $6 on conflict do nothing`,
          [id, name, call.input.text, json(est), stepUp, guardRailsMax],
        );
        if (made.count === 0) throw fault('Conflict', `A guard-rail is called ${name} already, or there are ${guardRailsMax}.`);
        await note(0n, 'guard', []);
      });
      return { output: policyOf(found((await db().query('select * from platform.guard_rail where id = $1', [id])).rows, 'guard-rail')) };
    },
    async ListGuardRails(call) {
      const { after = '', limit = 100 } = call.input;
      const { rows } = await db().query('select * from platform.guard_rail where name > $1 order by name limit $2', [after, limit + 1]);
      return { output: paged((rows as Row[]).map(policyOf), limit) };
    },
    async DeleteGuardRail(call) {
      await change(context, 'platform', async (tx, note) => {
        const gone = await tx.query('delete from platform.guard_rail where name = $1', [call.ref.name]);
        if (gone.count === 0) throw fault('NotFound', `There is no guard-rail ${call.ref.name}.`);
        await note(0n, 'guard', []);
      });
      return { output: {} };
    },
  };
}
