import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { subjectTenantsMax } from './limits.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';

/** Bytes of what names a subject: a keyed hash, so that these files know no names. */
export const subjectHashSize = 16;
const keySize = 32;
const sealedSize = 16 + keySize + 16;
const slotSize = subjectHashSize + 16 + sealedSize;
const [live, erased] = [1, 2];

type RingKey = (tenant: bigint, version?: number) => { readonly version: number; readonly key: Buffer };
type Slots = { readonly at: Map<string, number>; count: number };
type Claim = { readonly hash: Uint8Array; readonly state: number; readonly sealed: Uint8Array };

/**
 * A key for each subject of each tenant, under which lies what is personal about it. The slots of a tenant stand in one
 * file; erasing a subject overwrites its key in its place, and it never gets another:
 *
 *     slot   16 hash | 1 state | 15 zero | 64 sealed key
 */
export function openSubjectKeys(directory: string, ringKey: RingKey) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const known = new Map<bigint, Slots>();
  const pathOf = (tenant: bigint) => join(directory, `${tenant}.subject`);

  function slotsOf(tenant: bigint): Slots {
    const found = known.get(tenant);
    if (found) return found;
    const bytes = existsSync(pathOf(tenant)) ? readFileSync(pathOf(tenant)) : Buffer.alloc(0);
    // A slot that a crash cut short was given to nobody, and is written again.
    const slots: Slots = { at: new Map(), count: Math.floor(bytes.length / slotSize) };
    for (let slot = 0; slot < slots.count; slot += 1)
      slots.at.set(bytes.subarray(slot * slotSize, slot * slotSize + subjectHashSize).toString('hex'), slot);
    if (known.size >= subjectTenantsMax) known.clear();
    known.set(tenant, slots);
    return slots;
  }

  /** Writes the slots of subjects, each in its place or behind all others, and syncs once. */
  function claim(tenant: bigint, claims: readonly Claim[]): void {
    const slots = slotsOf(tenant);
    const file = openSlots(pathOf(tenant));
    let { count } = slots;
    try {
      const taken = claims.map(({ hash, state, sealed }): [string, number] => {
        const name = Buffer.from(hash).toString('hex');
        const slot = slots.at.get(name) ?? count;
        const head = Buffer.alloc(slotSize - sealedSize);
        head.set(hash, 0);
        head[subjectHashSize] = state;
        writeSync(file, Buffer.concat([head, sealed]), 0, slotSize, slot * slotSize);
        count = Math.max(count, slot + 1);
        return [name, slot];
      });
      fsyncSync(file);
      for (const [name, slot] of taken) slots.at.set(name, slot);
      slots.count = count;
    } finally {
      closeSync(file);
    }
  }

  function open(tenant: bigint, hash: Uint8Array, slot: number): Buffer {
    const bytes = readSlot(pathOf(tenant), slot);
    if (bytes[subjectHashSize] !== live) throw fault('KeyRefused', 'The subject was erased.');
    const sealed = bytes.subarray(slotSize - sealedSize);
    return openWith(ringKey(tenant, sealedVersion(sealed)).key, sealed, placeOf(tenant, hash));
  }

  const placeOf = (tenant: bigint, hash: Uint8Array) => `subject ${tenant} ${Buffer.from(hash).toString('hex')}`;
  const check = (hash: Uint8Array) => {
    if (hash.length !== subjectHashSize) throw fault('BadInput', 'That names no subject.');
  };

  return {
    /** The key of a subject, made at first sight; one that was erased throws KeyRefused for ever. */
    key(tenant: bigint, hash: Uint8Array): Buffer {
      check(hash);
      const slot = slotsOf(tenant).at.get(Buffer.from(hash).toString('hex'));
      if (slot !== undefined) return open(tenant, hash, slot);
      const made = randomBytes(keySize);
      const { version, key } = ringKey(tenant);
      claim(tenant, [{ hash, state: live, sealed: sealWith(key, version, made, placeOf(tenant, hash)) }]);
      return made;
    },
    /** The key of a subject that something was sealed for; none is made. */
    known(tenant: bigint, hash: Uint8Array): Buffer {
      check(hash);
      const slot = slotsOf(tenant).at.get(Buffer.from(hash).toString('hex'));
      if (slot === undefined) throw fault('KeyUnavailable', 'The key of the subject is not here.');
      return open(tenant, hash, slot);
    },
    erase(tenant: bigint, hashes: readonly Uint8Array[]): void {
      hashes.forEach(check);
      if (hashes.length === 0) return;
      claim(
        tenant,
        hashes.map((hash) => ({ hash, state: erased, sealed: Buffer.alloc(sealedSize) })),
      );
    },
  };
}

export type SubjectKeys = ReturnType<typeof openSubjectKeys>;

/** A tenant's first slot makes its file, which must be there after a loss of power like what is in it. */
function openSlots(path: string): number {
  if (existsSync(path)) return openSync(path, 'r+');
  const made = openSync(path, 'w', 0o600);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
  return made;
}

function readSlot(path: string, slot: number): Buffer {
  const bytes = Buffer.alloc(slotSize);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, slotSize, slot * slotSize);
  } finally {
    closeSync(file);
  }
  return bytes;
}
