import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { personalKeysMax } from './limits.ts';
import { type KeyState, openNamedKeys, shred } from './named.ts';
import { openNotaryKeys } from './notary-key.ts';
import { openWith, sealWith, sealedVersion, subjectVersion } from './sealed.ts';
import { openSubjectKeys, type SubjectKeys, subjectHashSize } from './subject.ts';
import { openWitnessKeys } from './witness-key.ts';
import { writeDurable } from './write.ts';

type RingFile = {
  /** Absent in what an earlier release wrote: enabled. */
  readonly state?: KeyState;
  readonly versions: readonly { readonly version: number; readonly sealed: string }[];
};

/** Persons and sessions belong to no tenant. */
const platform = 0n;

/**
 * The tenants' key rings, held by keeper alone: a root key in a file of mode 0600 seals every tenant's versioned key;
 * a data key is derived from one of them for one purpose and leased out. Destroying a ring deletes its file.
 */
export function openRing(directory: string) {
  mkdirSync(join(directory, 'ring'), { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const root = loadOrMake(join(directory, 'root.key'), () => randomBytes(32));
  const lookupKey = hkdf(root, 'lookup');
  const signing = loadSigningKey(join(directory, 'signing.key'), root, 'ed25519');
  const notary = openNotaryKeys(loadSignerPair(directory, root, 'audit'));
  const witness = openWitnessKeys(loadSignerPair(directory, root, 'witness'));
  const cache = new Map<bigint, Map<number, Buffer>>();
  const states = new Map<bigint, KeyState>();

  const path = (tenant: bigint) => join(directory, 'ring', `${tenant}.json`);

  function load(tenant: bigint): Map<number, Buffer> {
    const known = cache.get(tenant);
    if (known) return known;
    const found = existsSync(path(tenant)) ? readRing(path(tenant), root, tenant) : undefined;
    if (found) states.set(tenant, found.state);
    const versions = found?.versions ?? makeRing(tenant);
    cache.set(tenant, versions);
    return versions;
  }

  function makeRing(tenant: bigint): Map<number, Buffer> {
    if (existsSync(`${path(tenant)}.destroyed`)) throw fault('KeyRefused', `The keys of tenant ${tenant} were destroyed.`);
    const key = randomBytes(32);
    saveRing(tenant, new Map([[1, key]]));
    return new Map([[1, key]]);
  }

  function saveRing(tenant: bigint, versions: ReadonlyMap<number, Buffer>): void {
    writeDurable(path(tenant), sealedRing(root, tenant, states.get(tenant) ?? 'enabled', versions));
  }

  function dataKey(tenant: bigint, version: number | undefined, purpose: string): { version: number; key: Buffer } {
    const versions = load(tenant);
    const at = version ?? Math.max(...versions.keys());
    const key = versions.get(at);
    if (!key) throw fault('KeyRefused', `Tenant ${tenant} has no key version ${at}.`);
    return { version: at, key: hkdf(key, `data ${purpose}`) };
  }

  const named = openNamedKeys(join(directory, 'key'), (tenant, version) => dataKey(tenant, version, 'named'));
  const subject = openSubjectKeys(join(directory, 'subject'), (tenant, version) => dataKey(tenant, version, 'subject'));

  return {
    notary,
    witness,
    named,
    subject,
    /** A data key to be leased: of the tenant's ring, or of a named key. Only an enabled one is. */
    lease(tenant: bigint, version: number | undefined, purpose: string, id?: string): { version: number; key: Buffer } {
      if (id !== undefined) {
        const { version: at, key } = named.material(tenant, id, version);
        return { version: at, key: hkdf(key, `data ${purpose}`) };
      }
      const leased = dataKey(tenant, version, purpose);
      assertEnabled(tenant, states.get(tenant) ?? 'enabled');
      return leased;
    },
    describe(tenant: bigint): { state: KeyState; versions: number } {
      const versions = load(tenant);
      return { state: states.get(tenant) ?? 'enabled', versions: versions.size };
    },
    setState(tenant: bigint, state: KeyState): void {
      const versions = load(tenant);
      states.set(tenant, state);
      saveRing(tenant, versions);
    },
    rotate(tenant: bigint): number {
      const versions = load(tenant);
      const next = Math.max(...versions.keys()) + 1;
      versions.set(next, randomBytes(32));
      saveRing(tenant, versions);
      return next;
    },
    destroy(tenant: bigint): void {
      shred(path(tenant));
      cache.delete(tenant);
    },
    seal(tenant: bigint, purpose: string, plain: Uint8Array, aad: string): Buffer {
      const { version, key } = dataKey(tenant, undefined, purpose);
      return sealWith(key, version, plain, aad);
    },
    open(tenant: bigint, purpose: string, sealed: Uint8Array, aad: string): Buffer {
      return openWith(dataKey(tenant, sealedVersion(sealed), purpose).key, sealed, aad);
    },
    ...personalFields(subject, lookupKey, (version) => dataKey(platform, version, 'field').key),
    /** A keyed hash, to find a sealed personal field by its value. */
    lookup: (text: string): Buffer => keyedHash(lookupKey, text),
    sign: (payload: Uint8Array): Buffer => sign(null, payload, signing),
    publicKeyPem: createPublicKey(signing).export({ type: 'spki', format: 'pem' }) as string,
  };
}

export type Ring = ReturnType<typeof openRing>;

const keyedHash = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Personal fields of the directory: each lies under the key of whom it is about, which is made with the first of them. */
function personalFields(keys: SubjectKeys, lookupKey: Buffer, ringKey: (version: number) => Buffer) {
  const hashOf = (who: string) => keyedHash(lookupKey, `subject ${who}`).subarray(0, subjectHashSize);
  // Lists open many fields of the same few people.
  const held = new Map<string, Buffer>();

  function keyOf(who: string, find: (tenant: bigint, hash: Uint8Array) => Buffer): Buffer {
    const known = held.get(who);
    if (known) return known;
    const key = find(platform, hashOf(who));
    if (held.size >= personalKeysMax) held.clear();
    held.set(who, key);
    return key;
  }

  return {
    sealPersonal: (who: string, plain: Uint8Array, aad: string): Buffer => sealWith(keyOf(who, keys.key), subjectVersion, plain, aad),
    /** Opens such a field, and one that an earlier release sealed under the ring. */
    openPersonal(who: string, sealed: Uint8Array, aad: string): Buffer {
      const version = sealedVersion(sealed);
      return openWith(version === subjectVersion ? keyOf(who, keys.known) : ringKey(version), sealed, aad);
    },
    erasePersonal(whose: readonly string[]): void {
      for (const who of whose) {
        held.get(who)?.fill(0);
        held.delete(who);
      }
      keys.erase(platform, whose.map(hashOf));
    },
  };
}

function sealedRing(root: Buffer, tenant: bigint, state: KeyState, versions: ReadonlyMap<number, Buffer>): Buffer {
  const sealed = [...versions].map(([version, key]) => {
    return { version, sealed: sealWith(root, 1, key, `ring ${tenant} ${version}`).toString('base64') };
  });
  return Buffer.from(JSON.stringify({ state, versions: sealed } satisfies RingFile));
}

function assertEnabled(tenant: bigint, state: KeyState): void {
  if (state === 'enabled') return;
  throw fault('KeyRefused', `The keys of tenant ${tenant} are ${state === 'pending' ? 'about to be destroyed' : 'disabled'}.`);
}

function loadSignerPair(directory: string, root: Buffer, name: string): { ed25519: KeyObject; mldsa44: KeyObject } {
  return {
    ed25519: loadSigningKey(join(directory, `${name}.key`), root, 'ed25519'),
    mldsa44: loadSigningKey(join(directory, `${name}-ml-dsa-44.key`), root, 'ml-dsa-44'),
  };
}

function hkdf(key: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `gamut ${label}`, 32));
}

function readRing(path: string, root: Buffer, tenant: bigint): { state: KeyState; versions: Map<number, Buffer> } {
  const file = JSON.parse(readFileSync(path, 'utf8')) as RingFile;
  const versions = file.versions.map(({ version, sealed }): [number, Buffer] => {
    return [version, openWith(root, Buffer.from(sealed, 'base64'), `ring ${tenant} ${version}`)];
  });
  return { state: file.state ?? 'enabled', versions: new Map(versions) };
}

function loadOrMake(path: string, make: () => Buffer): Buffer {
  if (!existsSync(path)) writeDurable(path, make());
  return readFileSync(path);
}

function loadSigningKey(path: string, root: Buffer, type: 'ed25519' | 'ml-dsa-44'): KeyObject {
  const place = basename(path) === 'signing.key' ? 'signing key' : `signing key ${basename(path)}`;
  const sealed = loadOrMake(path, () => {
    const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
    return sealWith(root, 1, privateKey.export({ type: 'pkcs8', format: 'der' }) as Buffer, place);
  });
  return createPrivateKey({ key: openWith(root, sealed, place), format: 'der', type: 'pkcs8' });
}
