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
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';

type RingFile = { readonly versions: readonly { readonly version: number; readonly sealed: string }[] };

/**
 * The tenants' key rings, held by keeper alone: a root key in a file of mode 0600 seals every tenant's versioned key;
 * a data key is derived from one of them for one purpose and leased out. Destroying a ring deletes its file.
 */
export function openRing(directory: string) {
  mkdirSync(join(directory, 'ring'), { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const root = loadOrMake(join(directory, 'root.key'), () => randomBytes(32));
  const lookupKey = hkdf(root, 'lookup');
  const signing = loadSigningKey(join(directory, 'signing.key'), root);
  const cache = new Map<bigint, Map<number, Buffer>>();

  const path = (tenant: bigint) => join(directory, 'ring', `${tenant}.json`);

  function load(tenant: bigint): Map<number, Buffer> {
    const known = cache.get(tenant);
    if (known) return known;
    const versions = existsSync(path(tenant)) ? readRing(path(tenant), root, tenant) : makeRing(tenant);
    cache.set(tenant, versions);
    return versions;
  }

  function makeRing(tenant: bigint): Map<number, Buffer> {
    if (existsSync(`${path(tenant)}.destroyed`)) throw fault('KeyUnavailable', `The keys of tenant ${tenant} were destroyed.`);
    const key = randomBytes(32);
    saveRing(tenant, new Map([[1, key]]));
    return new Map([[1, key]]);
  }

  function saveRing(tenant: bigint, versions: ReadonlyMap<number, Buffer>): void {
    const file: RingFile = {
      versions: [...versions].map(([version, key]) => ({
        version,
        sealed: sealWith(root, 1, key, `ring ${tenant} ${version}`).toString('base64'),
      })),
    };
    writeDurable(path(tenant), Buffer.from(JSON.stringify(file)));
  }

  function dataKey(tenant: bigint, version: number | undefined, purpose: string): { version: number; key: Buffer } {
    const versions = load(tenant);
    const at = version ?? Math.max(...versions.keys());
    const key = versions.get(at);
    if (!key) throw fault('KeyUnavailable', `Tenant ${tenant} has no key version ${at}.`);
    return { version: at, key: hkdf(key, `data ${purpose}`) };
  }

  return {
    dataKey,
    rotate(tenant: bigint): number {
      const versions = load(tenant);
      const next = Math.max(...versions.keys()) + 1;
      versions.set(next, randomBytes(32));
      saveRing(tenant, versions);
      return next;
    },
    destroy(tenant: bigint): void {
      writeDurable(`${path(tenant)}.destroyed`, Buffer.from(new Date().toISOString()));
      if (existsSync(path(tenant))) unlinkSync(path(tenant));
      cache.delete(tenant);
    },
    seal(tenant: bigint, purpose: string, plain: Uint8Array, aad: string): Buffer {
      const { version, key } = dataKey(tenant, undefined, purpose);
      return sealWith(key, version, plain, aad);
    },
    open(tenant: bigint, purpose: string, sealed: Uint8Array, aad: string): Buffer {
      return openWith(dataKey(tenant, sealedVersion(sealed), purpose).key, sealed, aad);
    },
    /** A keyed hash, to find a sealed personal field by its value. */
    lookup: (text: string): Buffer => createHmac('sha256', lookupKey).update(text).digest(),
    sign: (payload: Uint8Array): Buffer => sign(null, payload, signing),
    publicKeyPem: createPublicKey(signing).export({ type: 'spki', format: 'pem' }) as string,
  };
}

export type Ring = ReturnType<typeof openRing>;

function hkdf(key: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `gamut ${label}`, 32));
}

function readRing(path: string, root: Buffer, tenant: bigint): Map<number, Buffer> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as RingFile;
  return new Map(
    file.versions.map((entry) => [entry.version, openWith(root, Buffer.from(entry.sealed, 'base64'), `ring ${tenant} ${entry.version}`)]),
  );
}

function loadOrMake(path: string, make: () => Buffer): Buffer {
  if (!existsSync(path)) writeDurable(path, make());
  return readFileSync(path);
}

function loadSigningKey(path: string, root: Buffer): KeyObject {
  const sealed = loadOrMake(path, () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return sealWith(root, 1, privateKey.export({ type: 'pkcs8', format: 'der' }), 'signing key');
  });
  return createPrivateKey({ key: openWith(root, sealed, 'signing key'), format: 'der', type: 'pkcs8' });
}

/** Written beside, synced, renamed and the directory synced, so that a kill leaves the old file or the new one. */
function writeDurable(path: string, bytes: Uint8Array): void {
  const beside = `${path}.new`;
  const file = openSync(beside, 'w', 0o600);
  writeSync(file, bytes);
  fsyncSync(file);
  closeSync(file);
  renameSync(beside, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
