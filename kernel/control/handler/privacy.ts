import type { Handlers } from '../../contract/call.ts';
import { indexHash, leaseIndexKey } from '../../audit/seal.ts';
import { type Erased, type Kept, subjectHandlers, type SubjectCall, type SubjectItem } from '../../privacy/subject.ts';
import type { Placed } from '../../contract/provider.ts';
import { formatId } from '../../tenancy/id.ts';
import { askService, readJson } from '../ask.ts';
import { auditReaderOf } from '../audit-reader.ts';
import { change, type Context, type Row } from '../context.ts';
import { subjectRecordsMax } from '../limits.ts';
import { titleOf } from '../identity/factor.ts';
import { accountOf, emailOf, endSessionsOf, originOf } from '../person.ts';
import { ofCredential, ofPerson } from '../personal.ts';
import type { platform } from '../service.ts';

const ownerStays = 'An organization keeps at least one owner.';

type Mine = Pick<Handlers<typeof platform>, 'ExportDataSubject' | 'EraseDataSubject' | 'RevealPersonal'>;

/**
 * Privacy requests: what every service knows of a subject in the caller's environment, what the directory of the organization
 * does, and what its audit log says they did.
 */
export function privacyHandlers(context: Context): Mine {
  const reader = auditReaderOf(context);

  /** Every service that knows subjects. */
  async function knowing(): Promise<string[]> {
    const contracts = await context.contracts();
    const others = contracts.filter(({ name, operations }) => name !== 'platform' && 'EraseDataSubject' in operations);
    return others.map(({ name }) => name);
  }

  const ask = (service: string, operation: string, { caller }: SubjectCall, subject: string) =>
    askService(context, service, `/v1/${service}/data-subjects/-/${operation}`, { caller, body: { subject } });

  /** Whom a subject is called by: as a principal, and as the person of an address who is a member here. */
  async function principalsOf(tenant: bigint, subject: string): Promise<{ names: string[]; member?: Row }> {
    const { rows } = await context.system
      .platform()
      .query(`select m.* from platform.member m join platform.person p on p.id = m.person where m.tenant = $1 and p.email_hash = $2`, [
        tenant,
        await accountOf(context, subject),
      ]);
    const [member] = rows as Row[];
    return member ? { names: [subject, formatId(member.person as bigint)], member } : { names: [subject] };
  }

  async function* findPerson(member: Row): AsyncGenerator<SubjectItem> {
    const person = member.person as bigint;
    const email = await emailOf(context, person);
    yield { kind: 'Member', name: formatId(member.id as bigint), data: { email, role: member.role, invited: member.accepted_at === null } };
    const db = context.system.platform();
    const { rows } = await db.query('select * from platform.session where principal = $1', [formatId(person)]);
    for (const row of rows as Row[]) yield { kind: 'Session', name: String(row.created_at), data: await originOf(context, row) };
    const factors = await db.query('select * from platform.factor where person = $1', [person]);
    for (const row of factors.rows as Row[])
      yield { kind: 'Factor', name: String(row.kind), data: { title: await titleOf(context, row), createdAt: row.created_at } };
  }

  async function* findCredentials(tenant: bigint, names: readonly string[]): AsyncGenerator<SubjectItem> {
    const { rows } = await context.system
      .platform()
      .query('select * from platform.credential where tenant = $1 and principal = any($2::text[]) order by id', [tenant, names]);
    for (const row of rows as Row[]) {
      const { principal, role, title, created_at: createdAt, revoked_at: revokedAt } = row;
      yield { kind: 'Credential', name: formatId(row.id as bigint), data: { principal, role, title, createdAt, revokedAt } };
    }
  }

  /** Ends what a principal acts by, and forgets it; answers how many credentials, or undefined where nobody else is an owner. */
  async function eraseCredentials(tenant: bigint, names: readonly string[]): Promise<number | undefined> {
    return change(context, 'platform', async (tx, note) => {
      const of = 'tenant = $1 and principal = any($2::text[])';
      const { rows: owners } = await tx.query(
        `select bool_or(principal = any($2::text[])) as own, bool_or(principal <> all($2::text[])) as other
         from platform.binding where tenant = $1 and role = 'owner'`,
        [tenant, names],
      );
      const { own, other } = owners[0] as { own: boolean | null; other: boolean | null };
      if (own && !other) return undefined;
      const { rows } = await tx.query(`delete from platform.credential where ${of} returning id`, [tenant, names]);
      const ids = (rows as { id: bigint }[]).map(({ id }) => id);
      await tx.query('delete from platform.access_key where credential = any($1::bigint[])', [ids]);
      const bound = await tx.query(`delete from platform.binding where ${of} returning principal`, [tenant, names]);
      const sessions = await tx.query('delete from platform.session where credential = any($1::bigint[]) returning id', [ids]);
      for (const { id } of sessions.rows as { id: string }[]) await note(0n, 'session', [id]);
      for (const id of ids) await note(tenant, 'credential', [formatId(id)]);
      // A name that is bound to nothing is noted nowhere: it may be an address.
      for (const name of new Set((bound.rows as { principal: string }[]).map(({ principal }) => principal)))
        await note(tenant, 'principal', [formatId(tenant), name]);
      await context.keeper.erasePersonal(ids.map(ofCredential));
      return ids.length;
    });
  }

  async function* findRecords(at: Placed, principal: string): AsyncGenerator<SubjectItem> {
    const hash = indexHash(await leaseIndexKey(context.keeper, at.tenant), principal);
    for (let after = 0n; ; ) {
      const { rows } = await context.sql
        .as(at)
        .query('select * from platform.audit_record where subject_hash = $1 and sequence > $2 order by sequence limit $3', [
          hash,
          after,
          subjectRecordsMax,
        ]);
      for (const row of rows as Row[]) yield { kind: 'AuditRecord', name: String(row.sequence), data: await reader.row(at.tenant, row) };
      if (rows.length < subjectRecordsMax) return;
      after = (rows.at(-1) as Row).sequence as bigint;
    }
  }

  async function erasePerson(tenant: bigint, member: Row): Promise<Kept | undefined> {
    const person = member.person as bigint;
    const principal = formatId(person);
    const isKept = await change(context, 'platform', async (tx, note) => {
      const { rows: others } = await tx.query(
        `select 1 from platform.binding where tenant = $1 and role = 'owner' and principal <> $2 limit 1`,
        [tenant, principal],
      );
      if (member.role === 'owner' && others.length === 0) return true;
      await tx.query('delete from platform.ticket where person = $1 and (member_tenant = $2 or member_tenant is null)', [person, tenant]);
      await tx.query('delete from platform.member where tenant = $1 and person = $2', [tenant, person]);
      await tx.query('delete from platform.binding where tenant = $1 and principal = $2', [tenant, principal]);
      await tx.query('delete from platform.mail where person = $1', [person]);
      await note(tenant, 'principal', [formatId(tenant), principal]);
      await endSessionsOf(tx, note, person);
      const { rows: elsewhere } = await tx.query(
        `select 1 from platform.member where person = $1 union all select 1 from platform.binding where principal = $2 limit 1`,
        [person, principal],
      );
      if (elsewhere.length > 0) return false;
      for (const table of ['ticket', 'factor', 'recovery_code'])
        await tx.query(`delete from platform.${table} where person = $1`, [person]);
      await tx.query('delete from platform.person where id = $1', [person]);
      // Nobody can make them a member any more. Cut short here, the rows stay, and the next request finds them.
      await context.keeper.erasePersonal([ofPerson(person)]);
      return false;
    });
    return isKept ? { kind: 'Member', name: formatId(member.id as bigint), reason: ownerStays } : undefined;
  }

  async function erase(tenant: bigint, subject: string, call: SubjectCall): Promise<Erased> {
    let erased = 0;
    const kept: Kept[] = [];
    const { names, member } = await principalsOf(tenant, subject);
    const ended = await eraseCredentials(tenant, names);
    erased += ended ?? 0;
    if (ended === undefined && !member) kept.push({ kind: 'Credential', name: subject, reason: ownerStays });
    for (const service of await knowing())
      for (const name of names) {
        const told = (await readJson(await ask(service, 'erase-data-subject', call, name))) as Erased;
        erased += told.erased;
        kept.push(...told.kept);
      }
    for (const name of names) await reader.erase(tenant, name);
    if (member) {
      const refused = await erasePerson(tenant, member);
      if (refused) kept.push(refused);
      else erased += 1;
    }
    kept.push(...(await context.purge()));
    return { erased, kept };
  }

  return subjectHandlers('platform', {
    async *find(at, subject, call) {
      const { tenant } = at;
      const { names, member } = await principalsOf(tenant, subject);
      if (member) yield* findPerson(member);
      for (const name of names) yield* findRecords(at, name);
      yield* findCredentials(tenant, names);
      for (const service of await knowing()) for (const name of names) yield* await ask(service, 'export-data-subject', call, name);
    },
    erase: ({ tenant }, subject, call) => erase(tenant, subject, call),
  });
}
