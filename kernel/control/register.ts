import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { check } from '../contract/check.ts';
import type { AnyService } from '../contract/contract.ts';
import { fault } from '../contract/fault.ts';
import { narrowed } from '../contract/narrow.ts';
import { policySchema, rolePolicies } from '../policy/schema.ts';
import { enginePackage, parsePolicies, validatePolicies } from '../policy/authority.ts';
import type { Registered, Registration } from '../session/registration.ts';
import { change, type Context, type Row } from './context.ts';
import type { Deployed } from './deploy.ts';
import { json } from '#seams/sql/sql.ts';

/** What registration needs besides the context. */
export type Registrar = {
  readonly context: Context;
  readonly deployed: Deployed;
  readonly certificate: () => Promise<Registered['certificate']>;
};

/**
 * Takes a service in: checks its contract against itself and against the last release, brings its schema up, makes its
 * roles' policies, and answers when the snapshot has them.
 */
export async function registerService(registrar: Registrar, registration: Registration): Promise<Registered> {
  const { contract, migrations, platformTables } = registration;
  await storeContract(registrar.context, contract);
  const needsSql =
    Object.values(contract.needs ?? {}).some((need) => need.seam === 'sql') ||
    Object.values(contract.resources).some((resource) => resource.owner === 'kernel');
  const folder = migrations === undefined ? undefined : fileURLToPath(migrations);
  const sql = needsSql ? await registrar.deployed.service(contract.name, folder, platformTables) : undefined;
  return { ...(sql ? { sql: sql.href } : {}), certificate: await registrar.certificate(), applied: registrar.context.snapshot.applied() };
}

/** Stores a contract that changed, with its policies; one that narrows the last release is refused. */
export async function storeContract(context: Context, contract: AnyService): Promise<void> {
  const [finding] = check(contract);
  if (finding) throw fault('ContractInvalid', { path: finding.path, detail: `${finding.path} ${finding.reason}.` });
  const { rows } = await context.system
    .platform()
    .query('select body, policies, basis from platform.contract where service = $1', [contract.name]);
  const [row] = rows as Row[];
  const body = JSON.parse(JSON.stringify(contract)) as AnyService;
  const basis = policyBasis(contract);
  if (row) {
    const [lost] = narrowed(row.body as AnyService, body);
    if (lost)
      throw fault('ContractInvalid', {
        path: lost.path,
        detail: `This release of ${contract.name} narrows the last one: ${lost.path} ${lost.reason}.`,
      });
    if (row.basis === basis && JSON.stringify(row.body) === JSON.stringify(body)) return;
  }
  const policies = policiesOf(contract);
  await change(context, 'platform', async (tx, note) => {
    await tx.query(
      `insert into platform.contract (service, version, body, policies, basis) values ($1, $2, $3, $4, $5)
       on conflict (service) do update set version = excluded.version, body = excluded.body, policies =
         excluded.policies, basis = excluded.basis, registered_at = now()`,
      [contract.name, contract.version, json(body), json(policies), basis],
    );
    await note(0n, 'contract', [contract.name]);
  });
}

/** What the policies of a contract's roles follow from: the same basis gives the same policies, and needs no engine to say so. */
function policyBasis(contract: AnyService): string {
  const schema = JSON.stringify(policySchema([contract]));
  return createHash('sha256')
    .update(`${rolePolicies(contract)}\n${schema}\n${enginePackage()}`)
    .digest('hex');
}

/** The policies of a contract's roles, held against the schema that the same contract gives. */
function policiesOf(contract: AnyService) {
  const parsed = parsePolicies(rolePolicies(contract)).map(({ est, text }, index) => ({ id: `${contract.name}.role.${index}`, est, text }));
  const [problem] = validatePolicies(parsed, policySchema([contract])).filter(({ warning }) => !warning);
  if (problem)
    throw fault('ContractInvalid', { path: '/roles', detail: `The roles of ${contract.name} make no policy: ${problem.sentence}` });
  return parsed.map(({ id, est }) => ({ id, est }));
}

type Known = { readonly at: string; readonly contract: AnyService };
const known = new WeakMap<Context, ReadonlyMap<string, Known>>();

/** The contracts registered on this platform, by service. Each is read once for each time that it was registered: they are long. */
export async function registeredContracts(context: Context): Promise<Record<string, AnyService>> {
  const before = known.get(context) ?? new Map<string, Known>();
  const read = (text: string, values: unknown[]) => context.system.platform().query(text, values);
  const { rows } = await read('select service, registered_at::text as at from platform.contract order by service', []);
  const heads = rows as { service: string; at: string }[];
  const unread = heads.filter(({ service, at }) => before.get(service)?.at !== at).map(({ service }) => service);
  const text = 'select service, registered_at::text as at, body from platform.contract where service = any($1::text[])';
  const fresh = unread.length === 0 ? [] : ((await read(text, [unread])).rows as { service: string; at: string; body: AnyService }[]);
  const now = new Map([...before, ...fresh.map(({ service, at, body }) => [service, { at, contract: body }] as const)]);
  known.set(context, now);
  return Object.fromEntries(heads.flatMap(({ service }) => (now.has(service) ? [[service, (now.get(service) as Known).contract]] : [])));
}
