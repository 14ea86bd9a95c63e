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
    if (row.basis === basis && same(row.body, body)) return;
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

/** Whether two JSON values are the same, whatever the order of their fields (PostgreSQL keeps its own). */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The contracts registered on this platform, by service. */
export async function registeredContracts(context: Context): Promise<Record<string, AnyService>> {
  const { rows } = await context.system.platform().query('select service, body from platform.contract order by service');
  return Object.fromEntries((rows as Row[]).map((row) => [String(row.service), row.body as AnyService]));
}
