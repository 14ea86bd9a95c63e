import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { LoggedEffect, Sealer } from '#kernel/contract/implement.ts';
import type { Effect } from './catalog.ts';
import { pack, type StoredHeaders, unpack } from './record.ts';

/** Hides what users say of their objects from whoever reads the index's files: freed pages keep what once lay in the clear. */
export type Veil = { hide(plain: Uint8Array): Buffer; show(hidden: Uint8Array): Buffer };

const nonceSize = 12;
const tagSize = 16;
const place = 'storage index';

/** The veil of an index; its key lies in the index, sealed under the platform's own. `read` and `write` are of that place. */
export async function openVeil(sealer: Sealer, read: () => Buffer | undefined, write: (sealed: Buffer) => Promise<void>): Promise<Veil> {
  const found = read();
  if (found) return veilOf(await sealer.open(0n, found, place));
  const key = randomBytes(32);
  await write(await sealer.seal(0n, key, place));
  return veilOf(key);
}

function veilOf(key: Uint8Array): Veil {
  return {
    hide(plain) {
      const nonce = randomBytes(nonceSize);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    show(hidden) {
      const decipher = createDecipheriv('aes-256-gcm', key, hidden.subarray(0, nonceSize));
      decipher.setAuthTag(hidden.subarray(hidden.length - tagSize));
      const plain = decipher.update(hidden.subarray(nonceSize, hidden.length - tagSize));
      try {
        decipher.final();
      } catch (cause) {
        throw fault('ObjectDamaged', { detail: 'What the index says of an object was changed.', cause });
      }
      return plain;
    },
  };
}

/** What is hidden of an object, or of an upload, when there is any of it. */
type Told = { readonly headers: StoredHeaders; readonly tags?: Readonly<Record<string, string>>; readonly principal?: string };
type Veiled = { readonly headers: StoredHeaders; readonly veiled?: Uint8Array };

/** A record for the index, with its headers (but the type), its tags and who made it hidden. */
export function packTold(record: Told, veil: Veil): Buffer {
  const { tags, principal, ...rest } = record;
  const { contentType, ...headers } = record.headers;
  if (!tags && !principal && Object.keys(headers).length === 0) return pack(record);
  const veiled = veil.hide(pack({ headers, ...(tags ? { tags } : {}), ...(principal ? { principal } : {}) }));
  return pack({ ...rest, headers: contentType === undefined ? {} : { contentType }, veiled } satisfies Veiled);
}

/** Undoes `packTold`. */
export function unpackTold<T extends Told>(bytes: Uint8Array, veil: Veil): T {
  const record = unpack<T & Veiled>(bytes);
  if (!record.veiled) return record;
  const { veiled, ...rest } = record;
  const { headers, ...more } = unpack<Told>(veil.show(veiled));
  return { ...rest, headers: { ...record.headers, ...headers }, ...more } as unknown as T;
}

/** A record of the effects log, with who did it hidden. */
export function packEffect(effect: Effect & { readonly offset: bigint }, veil: Veil): Buffer {
  const { principal, ...rest } = effect;
  return pack({ ...rest, veiled: veil.hide(Buffer.from(principal)) });
}

/** Undoes `packEffect`. */
export function unpackEffect(bytes: Uint8Array, veil: Veil): LoggedEffect {
  const { veiled, ...effect } = unpack<LoggedEffect & { readonly veiled?: Uint8Array }>(bytes);
  const whole = { ...effect, offset: BigInt(effect.offset) };
  return veiled ? { ...whole, principal: Buffer.from(veil.show(veiled)).toString() } : whole;
}
