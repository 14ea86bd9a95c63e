import { decodeLeaf } from '../audit/leaf.ts';
import { auditSubjectsMax } from '../audit/limits.ts';
import { type ApiActivity, type Personal, withPersonal } from '../audit/ocsf.ts';
import { auditPurpose, indexHash, type LeafBody, leaseIndexKey, personalPlace } from '../audit/seal.ts';
import { OperationError } from '../contract/fault.ts';
import { openWith } from '../keys/sealed.ts';
import { sealerOf, type StandingOf } from '../keys/sealer.ts';
import { formatId } from '../tenancy/id.ts';
import type { Context, Row } from './context.ts';

/** Opens audit records for those who may read them. */
export function auditReaderOf({ keeper, now, snapshot }: Pick<Context, 'keeper' | 'now' | 'snapshot'>) {
  const standingOf: StandingOf = (tenant, key) => snapshot.get('key', tenant, key);
  const subjects = new Map<string, Buffer>();
  const sealer = sealerOf(keeper, auditPurpose, now, standingOf);

  /** The OCSF event of an entry, without what was erased of it; undefined where its key is gone. */
  async function event(tenant: bigint, entry: Uint8Array): Promise<(ApiActivity & { readonly erased?: true }) | undefined> {
    const leaf = decodeLeaf(entry);
    if (!leaf) return undefined;
    const owner = leaf.header.key === 'tenant' ? tenant : 0n;
    try {
      const plain = await sealer.open(owner, leaf.sealed, leaf.line);
      const { event: found, subject, personal } = JSON.parse(plain.toString()) as LeafBody;
      const key = await subjectKey(owner, subject);
      if (key === undefined || personal === undefined) return { ...found, erased: true };
      return withPersonal(found, JSON.parse(openWith(key, Buffer.from(personal, 'base64'), personalPlace(subject)).toString()) as Personal);
    } catch (error) {
      if (error instanceof OperationError && (error.code === 'KeyRefused' || error.path === 'sealed')) return undefined;
      throw error;
    }
  }

  /** Undefined once the subject was erased. */
  async function subjectKey(owner: bigint, subject: string): Promise<Buffer | undefined> {
    const place = `${owner} ${subject}`;
    const known = subjects.get(place);
    if (known) return known;
    try {
      const key = await keeper.leaseSubject(owner, Buffer.from(subject, 'base64'));
      if (subjects.size >= auditSubjectsMax) subjects.clear();
      subjects.set(place, key);
      return key;
    } catch (error) {
      if (error instanceof OperationError && error.code === 'KeyRefused') return undefined;
      throw error;
    }
  }

  /** Ends the key of a subject: nobody reads again what is personal about it, and no new key is made. */
  async function erase(tenant: bigint, principal: string): Promise<void> {
    const hash = indexHash(await leaseIndexKey(keeper, tenant), principal);
    await keeper.eraseSubject(tenant, hash);
    subjects.delete(`${tenant} ${hash.toString('base64')}`);
  }

  /** A row as the platform's service shows it. */
  async function row(tenant: bigint, found: Row) {
    const opened = await event(tenant, found.entry as Buffer);
    const resource = opened?.resources[0];
    const invokedBy = opened?.actor.invoked_by;
    return {
      sequence: Number(found.sequence),
      at: (found.at as Date).getTime(),
      service: String(found.service),
      operation: String(found.operation),
      kind: String(found.kind),
      name: resource?.name ?? '',
      principal: opened?.actor.user.uid ?? '',
      credential: opened?.actor.user.credential_uid ?? '',
      scope: found.scope === 0n ? '' : formatId(found.scope as bigint),
      outcome: String(found.outcome),
      count: Number(found.count),
      bytes: Number(found.bytes),
      requestId: opened?.api.request.uid ?? '',
      ...(invokedBy === undefined ? {} : { via: invokedBy }),
      ...(found.gap ? { gap: true } : {}),
      ...(opened ? {} : { unreadable: true }),
      ...(opened?.erased ? { erased: true } : {}),
    };
  }

  return { event, row, erase };
}
