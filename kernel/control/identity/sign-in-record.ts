import { randomUUID } from 'node:crypto';
import type { Sql } from '#seams/sql/sql.ts';
import type { Runtime } from '../../session/runtime.ts';
import { formatId } from '../../tenancy/id.ts';
import { organizationsRecordedMax } from './limits.ts';

/** A sign-in is no operation of an organization, but stands in the audit log of each that the person is in. */
export async function recordSignIn(system: Sql, runtime: Runtime, principal: string, operation: string, outcome: string): Promise<void> {
  const { rows } = await system
    .platform()
    .query('select distinct tenant from platform.binding where principal = $1 and tenant <> 0 order by tenant limit $2', [
      principal,
      organizationsRecordedMax,
    ]);
  const person = {
    service: runtime.contract.name,
    operation,
    kind: 'Session',
    name: '',
    principal,
    credential: '',
    face: 'session',
    outcome,
  };
  const said = { ...person, at: runtime.now(), scope: '', count: 1, bytes: 0, requestId: randomUUID() };
  await Promise.all((rows as { tenant: bigint }[]).map(({ tenant }) => runtime.recordAudit({ ...said, tenant: formatId(tenant) }, true)));
}
