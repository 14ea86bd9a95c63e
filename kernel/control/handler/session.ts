import type { Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { type Context, nameOrId, type Row } from '../context.ts';
import { sessionsListMax } from '../identity/limits.ts';
import { sessionOf } from '../identity/security-route.ts';
import { emailOf, endSession } from '../person.ts';
import type { platform } from '../service.ts';

type Mine = Pick<Handlers<typeof platform>, 'ListSessions' | 'RevokeSession'>;

/** Sessions that may act in the caller's organization: its members', and those begun with its credentials. */
const ofTenant = `from platform.session s where s.expires_at > now() and (
  (s.credential is null and exists (select from platform.binding b where b.tenant = $1 and b.principal = s.principal))
  or exists (select from platform.credential c where c.tenant = $1 and c.id = s.credential))`;

export function sessionHandlers(context: Context): Mine {
  return {
    async ListSessions(call) {
      const { rows } = await context.system
        .platform()
        .query(`select s.* ${ofTenant} order by s.created_at desc limit $2`, [call.caller.tenant, sessionsListMax]);
      const items = await Promise.all(
        (rows as Row[]).map(async (row) => {
          const { id, ...shown } = await sessionOf(context, row);
          const person = nameOrId(shown.principal).id;
          return { name: id, ...shown, ...(person === 0n ? {} : { email: await emailOf(context, person) }) };
        }),
      );
      return { output: { items } };
    },
    async RevokeSession(call) {
      const { rows } = await context.system.platform().query(`select s.id ${ofTenant} and s.id = $2`, [call.caller.tenant, call.ref.name]);
      if (rows.length === 0) throw fault('NotFound', 'There is no such session.');
      await endSession(context, call.ref.name);
      return { output: {} };
    },
  };
}
