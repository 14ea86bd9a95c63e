import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { openWith, sealWith, sealedVersion } from './sealed.ts';
import { writeDurable } from './write.ts';

/** What may be done with a key: `pending` waits for its destruction, and is used as little as a disabled one. */
export type KeyState = 'enabled' | 'disabled' | 'pending';

type Version = { readonly version: number; readonly sealed: string };
type KeyFile = { readonly state: KeyState; readonly imported: boolean; readonly versions: readonly Version[] };
/** Derives a key from the tenant's ring, by version; the newest when none is said. */
type RingKey = (tenant: bigint, version?: number) => { readonly version: number; readonly key: Buffer };

/** Bytes of the material of one key. */
const materialSize = 32;
const purposeOf = (tenant: bigint, id: string, version: number) => `key ${tenant} ${id} ${version}`;

/**
 * The named keys of tenants: each a file of versions, sealed under the tenant's ring, so that the end of the ring is
 * the end of all. Destroying a key overwrites its file before it is deleted.
 */
export function openNamedKeys(directory: string, ringKey: RingKey) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pathOf = (tenant: bigint, id: string) => {
    if (!/^[0-9a-z]{13}$/.test(id)) throw fault('BadInput', 'That is no key id.');
    return join(directory, `${tenant}-${id}.json`);
  };

  function read(tenant: bigint, id: string): KeyFile {
    const path = pathOf(tenant, id);
    if (!existsSync(path))
      throw fault('KeyRefused', existsSync(`${path}.destroyed`) ? 'The key was destroyed.' : 'There is no such key.');
    return JSON.parse(readFileSync(path, 'utf8')) as KeyFile;
  }

  const save = (tenant: bigint, id: string, file: KeyFile) => writeDurable(pathOf(tenant, id), Buffer.from(JSON.stringify(file)));

  function sealedMaterial(tenant: bigint, id: string, version: number, material: Uint8Array): Version {
    const { version: ring, key } = ringKey(tenant);
    return { version, sealed: sealWith(key, ring, material, purposeOf(tenant, id, version)).toString('base64') };
  }

  return {
    /** Makes a key; made again it stays as it is. Imported material is 32 bytes. */
    create(tenant: bigint, id: string, material?: Uint8Array): void {
      if (material && material.length !== materialSize) throw fault('BadInput', `Key material has ${materialSize} bytes.`);
      if (existsSync(pathOf(tenant, id)) || existsSync(`${pathOf(tenant, id)}.destroyed`)) return;
      const imported = material !== undefined;
      save(tenant, id, { state: 'enabled', imported, versions: [sealedMaterial(tenant, id, 1, material ?? randomBytes(materialSize))] });
    },
    describe(tenant: bigint, id: string): { state: KeyState; versions: number } {
      const { state, versions } = read(tenant, id);
      return { state, versions: versions.length };
    },
    rotate(tenant: bigint, id: string): number {
      const file = read(tenant, id);
      if (file.imported) throw fault('Conflict', 'A key whose material was imported is not rotated: import another.');
      const version = file.versions.length + 1;
      save(tenant, id, { ...file, versions: [...file.versions, sealedMaterial(tenant, id, version, randomBytes(materialSize))] });
      return version;
    },
    setState(tenant: bigint, id: string, state: KeyState): void {
      save(tenant, id, { ...read(tenant, id), state });
    },
    destroy(tenant: bigint, id: string): void {
      shred(pathOf(tenant, id));
    },
    /** The material of a version, for whoever derives data keys from it; a key that is not enabled has none to give. */
    material(tenant: bigint, id: string, version?: number): { version: number; key: Buffer } {
      const { state, versions } = read(tenant, id);
      if (state !== 'enabled')
        throw fault('KeyRefused', `The key ${id} is ${state === 'pending' ? 'about to be destroyed' : 'disabled'}.`);
      const found = version === undefined ? versions.at(-1) : versions.find((one) => one.version === version);
      if (!found) throw fault('KeyRefused', `The key ${id} has no version ${version}.`);
      const sealed = Buffer.from(found.sealed, 'base64');
      const { key } = ringKey(tenant, sealedVersion(sealed));
      return { version: found.version, key: openWith(key, sealed, purposeOf(tenant, id, found.version)) };
    },
  };
}

/** Overwrites a file in its place, then deletes it; the mark that stays says that it was there. */
export function shred(path: string): void {
  writeDurable(`${path}.destroyed`, Buffer.from(new Date().toISOString()));
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    writeSync(file, Buffer.alloc(statSync(path).size), 0, undefined, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  unlinkSync(path);
}
