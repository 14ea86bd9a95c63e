import { hash } from 'node:crypto';
import { OperationError } from '../contract/fault.ts';
import type { Keeper } from '../keys/client.ts';
import { leaseMs } from '../keys/limits.ts';
import { sealWith } from '../keys/sealed.ts';
import { encodeLeaf, headerLine, type LeafHeader } from './leaf.ts';
import { auditKeysMax, auditSubjectsMax } from './limits.ts';
import { type ApiActivity, takePersonal } from './ocsf.ts';

/** The purpose of the keys that seal records, and of the one that hashes what they are searched by. */
export const auditPurpose = 'audit';
const indexPurpose = 'audit-index';
/** The index key stays the same when the ring is rotated. */
const indexVersion = 1;
const indexHashSize = 16;

type TenantKeys = {
  readonly owner: LeafHeader['key'];
  readonly version: number;
  readonly key: Buffer;
  /** Whose keys these are: the tenant, or 0 for the platform. */
  readonly from: bigint;
  readonly index: Buffer;
  readonly until: number;
};

/** Who a record is about: the principal that acted, in its tenant. */
export type Subject = { readonly tenant: bigint; readonly principal: string };

/** What a leaf seals: the record, with what is personal in it sealed once more, under the subject's own key. */
export type LeafBody = { readonly event: ApiActivity; readonly subject: string; readonly personal?: string };

/** Seals leaves under the keys of the subjects it was made for. */
export type LeafSeal = {
  leaf(subject: Subject, header: Omit<LeafHeader, 'key'>, event: ApiActivity): Buffer;
  /** A keyed hash of a value that records are searched by; the same for ever in one tenant. */
  index(tenant: bigint, text: string): Buffer;
};

/** Leases the audit keys of tenants and of subjects, after which sealing does not wait. */
export type LeafSealer = { for(subjects: readonly Subject[]): Promise<LeafSeal> };

/** The associated data of what is personal in a record. */
export const personalPlace = (subject: string): string => `personal ${subject}`;

/** A keyed hash, cut to 16 bytes: nothing about the text without the key. */
export function indexHash(key: Uint8Array, text: string): Buffer {
  return hash('sha256', Buffer.concat([key, Buffer.from(text)]), 'buffer').subarray(0, indexHashSize);
}

/** The key under which `indexHash` is taken for a tenant. */
export const leaseIndexKey = async (keeper: Keeper, tenant: bigint): Promise<Buffer> =>
  (await keeper.lease(tenant, indexPurpose, indexVersion)).key;

/**
 * A tenant whose key is disabled or destroyed still acts (and is refused), and that must be recorded: its records are
 * then sealed under the platform's own key, which the entry says.
 */
export function leafSealer(keeper: Keeper, now: () => number): LeafSealer {
  const held = new Map<bigint, TenantKeys>();
  const subjects = new Map<string, SubjectKey>();

  async function lease(owner: LeafHeader['key'], from: bigint): Promise<TenantKeys> {
    const { version, key } = await keeper.lease(from, auditPurpose);
    return { owner, version, key, from, index: await leaseIndexKey(keeper, from), until: now() + leaseMs };
  }

  async function obtain(tenant: bigint): Promise<TenantKeys> {
    const known = held.get(tenant);
    if (known && known.until > now()) return known;
    const keys = await lease('tenant', tenant).catch((error) => {
      if (!isRefused(error)) throw error;
      return lease('platform', 0n);
    });
    if (held.size >= auditKeysMax) held.clear();
    held.set(tenant, keys);
    return keys;
  }

  /** Undefined for a subject that was erased: what is personal about it is not written any more. */
  async function subjectKey({ from, index }: TenantKeys, principal: string): Promise<SubjectKey> {
    const hash = indexHash(index, principal);
    const place = `${from} ${hash.toString('base64')}`;
    const known = subjects.get(place);
    if (known && known.until > now()) return known;
    const key = await keeper.leaseSubject(from, hash).catch((error) => {
      if (!isRefused(error)) throw error;
      return undefined;
    });
    const fresh: SubjectKey = { hash: hash.toString('base64'), key, until: now() + leaseMs };
    if (subjects.size >= auditSubjectsMax) subjects.clear();
    subjects.set(place, fresh);
    return fresh;
  }

  return {
    async for(wanted) {
      const keys = new Map<bigint, TenantKeys>();
      const people = new Map<string, SubjectKey>();
      for (const { tenant, principal } of wanted) {
        const found = keys.get(tenant) ?? (await obtain(tenant));
        keys.set(tenant, found);
        if (!people.has(`${tenant} ${principal}`)) people.set(`${tenant} ${principal}`, await subjectKey(found, principal));
      }
      return sealOver(keys, people);
    },
  };
}

type SubjectKey = { readonly hash: string; readonly key: Buffer | undefined; readonly until: number };

const isRefused = (error: unknown): boolean =>
  error instanceof OperationError && error.code === 'KeyRefused';

/** Sealing with keys that are at hand. */
function sealOver(keys: ReadonlyMap<bigint, TenantKeys>, people: ReadonlyMap<string, SubjectKey>): LeafSeal {
  function keysOf(tenant: bigint): TenantKeys {
    const found = keys.get(tenant);
    if (!found) throw new TypeError('a record was to be sealed for a tenant whose key was not leased');
    return found;
  }

  /** The record without what is personal, and that sealed. */
  function bodyOf({ tenant, principal }: Subject, whole: ApiActivity): LeafBody {
    const person = people.get(`${tenant} ${principal}`);
    if (!person) throw new TypeError('a record was to be sealed for a subject whose key was not leased');
    const { event, personal } = takePersonal(whole);
    const { hash: subject, key } = person;
    if (key === undefined) return { event, subject };
    const sealed = sealWith(key, 1, Buffer.from(JSON.stringify(personal)), personalPlace(subject));
    return { event, subject, personal: sealed.toString('base64') };
  }

  return {
    leaf(subject, header, event) {
      const { owner, version, key } = keysOf(subject.tenant);
      const line = headerLine({ ...header, key: owner });
      return encodeLeaf(line, sealWith(key, version, Buffer.from(JSON.stringify(bodyOf(subject, event))), line));
    },
    index: (tenant, text) => indexHash(keysOf(tenant).index, text),
  };
}
