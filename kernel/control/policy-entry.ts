import type { Sql } from '#seams/sql/sql.ts';
import type { PolicyRecord } from '../snapshot/record.ts';
import type { Entry } from '../snapshot/writer.ts';
import { parseId } from '../tenancy/id.ts';
import { policyTenantsKeptMax } from './limits.ts';

type Row = Record<string, unknown>;

/** A row as the snapshot has it. */
export const policyRecord = (row: Row, of: string): PolicyRecord => ({
  id: `${of}.${row.name}`,
  est: row.est,
  ...(row.step_up === true ? { stepUp: true as const } : {}),
  ...(row.id === undefined ? {} : { revision: `${row.id}.${row.generation}` }),
});

/**
 * A tenant's own policies, with those that its roles are made of, as entries of the snapshot. What was read before is read
 * again only where its generation is another: there may be thousands, and one that changed.
 */
export function tenantPolicies(sql: Sql): { entries(tenant: string): Promise<Entry[]> } {
  const known = new Map<string, ReadonlyMap<string, PolicyRecord>>();

  async function ofRoles(tenant: bigint): Promise<PolicyRecord[]> {
    const { rows } = await sql.platform().query('select policies from platform.custom_role where tenant = $1 order by name', [tenant]);
    return (rows as Row[]).flatMap((row) => row.policies as PolicyRecord[]);
  }

  async function own(tenant: bigint, before: ReadonlyMap<string, PolicyRecord>): Promise<ReadonlyMap<string, PolicyRecord>> {
    const { rows: heads } = await sql
      .platform()
      .query(`select id, id || '.' || generation as revision from platform.policy where tenant = $1 order by name`, [tenant]);
    const wanted = heads as { id: bigint; revision: string }[];
    const unread = wanted.filter(({ revision }) => !before.has(revision)).map(({ id }) => id);
    const { rows } = await sql
      .platform()
      .query('select id, generation, name, est, step_up from platform.policy where tenant = $1 and id = any($2::bigint[])', [
        tenant,
        unread,
      ]);
    const read = new Map((rows as Row[]).map((row) => [`${row.id}.${row.generation}`, policyRecord(row, 'policy')]));
    // One that changed between the two is another revision by now: the change that made it so comes next.
    return new Map(
      wanted.flatMap(({ revision }) => {
        const found = before.get(revision) ?? read.get(revision);
        return found ? [[revision, found] as const] : [];
      }),
    );
  }

  return {
    async entries(tenant) {
      const id = parseId(tenant);
      const [roles, policies] = [await ofRoles(id), await own(id, known.get(tenant) ?? new Map())];
      known.delete(tenant);
      if (known.size >= policyTenantsKeptMax) known.delete(known.keys().next().value ?? '');
      known.set(tenant, policies);
      const value = [...roles, ...policies.values()];
      const stamp: Entry = { key: ['policyStamp', tenant], value: crypto.randomUUID() };
      return [value.length === 0 ? { key: ['policy', tenant] } : { key: ['policy', tenant], value }, stamp];
    },
  };
}
