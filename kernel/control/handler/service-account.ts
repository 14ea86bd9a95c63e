import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, decidedByName, enveloped, found, nameOrId, own, paged, type Row } from '../context.ts';
import { serviceAccountsMax } from '../identity/limits.ts';
import type { platform } from '../service.ts';
import { assertMayGive, environmentFor, freeLogins } from './credential.ts';

type Mine = Pick<Handlers<typeof platform>, 'CreateServiceAccount' | 'GetServiceAccount' | 'ListServiceAccounts' | 'DeleteServiceAccount'>;

const principalOf = (name: string) => `service-${name}`;

function accountOf(row: Row) {
  const name = String(row.name);
  return enveloped(row, name, {
    title: String(row.title),
    principal: principalOf(name),
    role: String(row.role),
    ...(row.scope === 0n ? {} : { environment: formatId(row.scope as bigint) }),
  });
}

/** Programs with a name: a principal that credentials are made for, ended as one. */
export function serviceAccountHandlers(context: Context): Mine {
  const locate = async (call: Call, operation: keyof Mine) => {
    const wanted = nameOrId(call.ref.name);
    const { rows } = await own(context, call).query('select * from platform.service_account where name = $1 or id = $2', [
      wanted.name,
      wanted.id,
    ]);
    return decidedByName(call, operation, found(rows, `service account ${call.ref.name}`));
  };
  return {
    async CreateServiceAccount(call) {
      const { tenant } = call.caller;
      const { role, environment } = call.input;
      assertMayGive(context, call as Call, role);
      const id = context.ids.next();
      const name = call.input.name ?? formatId(id);
      const scope = environment === undefined ? 0n : await environmentFor(context, call as Call, { environment });
      const principal = principalOf(name);
      await change(context, call.caller, async (tx, note) => {
        await tx.query('select pg_advisory_xact_lock($1)', [tenant]);
        const { rows } = await tx.query(
          `select (select count(*) from platform.service_account) as count,
           exists (select from platform.binding where principal = $1) as taken`,
          [principal],
        );
        const [{ count, taken }] = rows as [Row];
        if (Number(count) >= serviceAccountsMax)
          throw fault('QuotaExceeded', `An organization has at most ${serviceAccountsMax} service accounts.`);
        if (taken) throw fault('Conflict', `Somebody is called ${principal} already.`);
        const made = await tx.query(
          `insert into platform.service_account (tenant, id, name, title, role, scope) values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing`,
          [tenant, id, name, call.input.title ?? name, role, scope],
        );
        if (made.count === 0) throw fault('Conflict', `A service account is called ${name} already.`);
        await tx.query('insert into platform.binding (tenant, principal, role, scope) values ($1, $2, $3, $4)', [
          tenant,
          principal,
          role,
          scope,
        ]);
        await note(tenant, 'principal', [formatId(tenant), principal]);
      });
      const { rows } = await own(context, call as Call).query('select * from platform.service_account where id = $1', [id]);
      return { output: accountOf(found(rows, `service account ${name}`)) };
    },
    async GetServiceAccount(call) {
      return { output: accountOf(await locate(call as Call, 'GetServiceAccount')) };
    },
    async ListServiceAccounts(call) {
      const { after = '', limit = 100, prefix = '' } = call.input;
      const { rows } = await own(context, call as Call).query(
        'select * from platform.service_account where name > $1 and starts_with(name, $3) order by name limit $2',
        [after, limit + 1, prefix],
      );
      return { output: paged((rows as Row[]).map(accountOf), limit) };
    },
    async DeleteServiceAccount(call) {
      const row = await locate(call as Call, 'DeleteServiceAccount');
      const { tenant } = call.caller;
      const principal = principalOf(String(row.name));
      await change(context, call.caller, async (tx, note) => {
        const { rows } = await tx.query(
          `update platform.credential set revoked_at = now(), version = version + 1 where principal = $1 and revoked_at is null
           returning id`,
          [principal],
        );
        await freeLogins(
          tx,
          (rows as Row[]).map(({ id }) => id),
        );
        await tx.query('delete from platform.binding where principal = $1', [principal]);
        await tx.query('delete from platform.service_account where id = $1', [row.id]);
        await note(tenant, 'principal', [formatId(tenant), principal]);
        for (const credential of rows as Row[]) await note(tenant, 'credential', [formatId(credential.id as bigint)]);
      });
      return { output: {} };
    },
  };
}
