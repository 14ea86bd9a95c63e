import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { fault } from '../contract/fault.ts';
import { subjectTenantsMax } from './limits.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';

/** Bytes of what names a subject: a keyed hash, so that these files know no names. */
const subjectHashSize = 16;
const keySize = 32;
const sealedSize = 16 + keySize + 16;
const slotSize = subjectHashSize + 16 + sealedSize;
const [live, erased] = [1, 2];

type RingKey = (tenant: bigint, version?: number) => { readonly version: number; readonly key: Buffer };
type Slots = { readonly at: Map<string, number>; count: number };

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

  function write(tenant: bigint, slot: number, hash: Uint8Array, state: number, sealed: Uint8Array): void {
    const bytes = Buffer.alloc(slotSize);
    bytes.set(hash, 0);
    bytes[subjectHashSize] = state;
    bytes.set(sealed, slotSize - sealedSize);
    const file = openSync(pathOf(tenant), existsSync(pathOf(tenant)) ? 'r+' : 'w', 0o600);
    try {
      writeSync(file, bytes, 0, slotSize, slot * slotSize);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  function read(tenant: bigint, slot: number): Buffer {
    return readFileSync(pathOf(tenant)).subarray(slot * slotSize, (slot + 1) * slotSize);
  }

  function claim(tenant: bigint, hash: Uint8Array, state: number, sealed: Uint8Array): void {
    const slots = slotsOf(tenant);
    const name = Buffer.from(hash).toString('hex');
    const slot = slots.at.get(name) ?? slots.count;
    write(tenant, slot, hash, state, sealed);
    slots.at.set(name, slot);
    slots.count = Math.max(slots.count, slot + 1);
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
      if (slot === undefined) {
        const made = randomBytes(keySize);
        const { version, key } = ringKey(tenant);
        claim(tenant, hash, live, sealWith(key, version, made, placeOf(tenant, hash)));
        return made;
      }
      const bytes = read(tenant, slot);
      if (bytes[subjectHashSize] !== live) throw fault('KeyRefused', 'The subject was erased.');
      const sealed = bytes.subarray(slotSize - sealedSize);
      return openWith(ringKey(tenant, sealedVersion(sealed)).key, sealed, placeOf(tenant, hash));
    },
    erase(tenant: bigint, hash: Uint8Array): void {
      check(hash);
      claim(tenant, hash, erased, Buffer.alloc(sealedSize));
    },
  };
}
