import type { Sql } from '#seams/sql/sql.ts';
import type { PolicyRecord } from '../snapshot/record.ts';
import type { Entry } from '../snapshot/writer.ts';
import { formatId, parseId } from '../tenancy/id.ts';

type Row = Record<string, unknown>;

/** A row as the snapshot has it. */
export const policyRecord = (row: Row, of: string): PolicyRecord => ({
  id: `${of}.${row.name}`,
  est: row.est,
  ...(row.step_up === true ? { stepUp: true as const } : {}),
  ...(row.id === undefined ? {} : { revision: `${row.id}.${row.generation}` }),
});

/** The key under which a change of a policy or of a role that a tenant made is noted: the tenant, and the policy's id. */
export const policyKey = (tenant: bigint, of: 'policy' | 'role', name: string) => [formatId(tenant), `${of}.${name}`];

const columns = { policy: 'id, name, generation, est, step_up', role: 'name, policies' };
const tables = { policy: 'platform.policy', role: 'platform.custom_role' };

/** One of a tenant's own policies, or what one of its roles is made of, as an entry of the snapshot. */
export async function ownPolicyEntries(sql: Sql, tenant: string, id: string): Promise<Entry[]> {
  const of = id.startsWith('role.') ? 'role' : 'policy';
  const { rows } = await sql
    .platform()
    .query(`select ${columns[of]} from ${tables[of]} where tenant = $1 and name = $2`, [parseId(tenant), id.slice(of.length + 1)]);
  const [record] = (rows as Row[]).flatMap((row) => recordsOf(row, of));
  return [record ? { key: ['ownPolicy', tenant, id], value: record } : { key: ['ownPolicy', tenant, id] }];
}

/** All of a tenant's, where an earlier release kept them in one entry; that goes. */
export async function allOwnPolicyEntries(sql: Sql, tenant: string): Promise<Entry[]> {
  const entries: Entry[] = [{ key: ['policy', tenant] }];
  for (const table of ['role', 'policy'] as const) {
    const { rows } = await sql.platform().query(`select ${columns[table]} from ${tables[table]} where tenant = $1`, [parseId(tenant)]);
    const records = (rows as Row[]).flatMap((row) => recordsOf(row, table));
    entries.push(...records.map((value): Entry => ({ key: ['ownPolicy', tenant, value.id], value })));
  }
  return entries;
}

function recordsOf(row: Row, of: 'policy' | 'role'): readonly PolicyRecord[] {
  return of === 'role' ? (row.policies as PolicyRecord[]) : [policyRecord(row, of)];
}
