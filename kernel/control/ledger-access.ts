import { fault } from '../contract/fault.ts';
import { formatId } from '../tenancy/id.ts';
import { change, type Context, type Row } from './context.ts';
import { registeredContracts } from './register.ts';

/** The role that a service has at the ledger, and nowhere else. */
const bookkeeper = 'bookkeeper';

/**
 * The cluster id by which a service speaks to the ledger of an environment, in its own name: the ledger's protocol carries
 * 128 bits to know a caller by, which no signed token fits in. One credential for each service and environment, made when it
 * is first asked for; whoever revokes it takes the service its ledger until it asks again.
 */
export async function ledgerAccess(
  context: Context,
  service: string,
  at: { readonly tenant: bigint; readonly scope: bigint },
): Promise<{ cluster: string }> {
  const contract = (await registeredContracts(context))[service];
  const mayAsk = Object.values(contract?.needs ?? {}).some(({ seam }) => seam === 'ledger');
  if (!mayAsk) throw fault('Denied', `${service} has no need of a ledger.`);
  const known = await standing(context, service, at);
  const { id, sealed } = known ?? (await made(context, service, at));
  const { cluster } = await context.keeper.faces(at.tenant, formatId(id), sealed);
  return { cluster };
}

type Place = { readonly tenant: bigint; readonly scope: bigint };
type Standing = { readonly id: bigint; readonly sealed: Buffer };

const principalOf = (service: string) => `platform-${service}`;

const query = 'select id, sealed from platform.credential where scope = $1 and principal = $2 and role = $3 and revoked_at is null limit 1';

async function standing(context: Context, service: string, at: Place): Promise<Standing | undefined> {
  const { rows } = await context.sql.as(at).query(query, [at.scope, principalOf(service), bookkeeper]);
  return rows[0] as Standing | undefined;
}

async function made(context: Context, service: string, at: Place): Promise<Standing> {
  const { tenant, scope } = at;
  const id = context.ids.next();
  const name = formatId(id);
  const sealed = await context.keeper.mint(tenant, name);
  const principal = principalOf(service);
  return change(context, at, async (tx, note) => {
    await tx.query('select pg_advisory_xact_lock($1)', [tenant]);
    const { rows } = await tx.query(query, [scope, principal, bookkeeper]);
    if (rows[0]) return rows[0] as Row as Standing;
    await tx.query(
      `insert into platform.credential (tenant, id, scope, principal, role, title, sealed) values ($1, $2, $3, $4, $5, $6, $7)`,
      [tenant, id, scope, principal, bookkeeper, `${service} at the ledger`, sealed],
    );
    await tx.query('insert into platform.binding (tenant, principal, role, scope) values ($1, $2, $3, $4) on conflict do nothing', [
      tenant,
      principal,
      bookkeeper,
      scope,
    ]);
    await note(tenant, 'principal', [formatId(tenant), principal]);
    await note(tenant, 'credential', [name]);
    return { id, sealed };
  });
}
