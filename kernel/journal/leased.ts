import { fault } from '../contract/fault.ts';
import type { Keeper } from '../keys/client.ts';
import { aesSeal, type Open, type Seal } from './seal.ts';

const purpose = 'journal';

/** Seals journals under a data key of the platform, leased from the keeper. */
export async function journalSeal(keeper: Keeper): Promise<Seal> {
  const keys = await leasedKeys(keeper);
  return aesSeal(keys.newest, keys.of);
}

/** Opens what any process sealed. */
export async function journalOpener(keeper: Keeper): Promise<Open> {
  const seal = await journalSeal(keeper);
  return (version, sealed, associated) => seal.open(version, sealed, associated);
}

/** All versions up to the newest, because opening is synchronous. */
async function leasedKeys(keeper: Keeper): Promise<{ newest: number; of(version: number): Buffer }> {
  const newest = await keeper.lease(0n, purpose);
  const keys = new Map([[newest.version, newest.key]]);
  for (let version = 1; version < newest.version; version += 1) keys.set(version, (await keeper.lease(0n, purpose, version)).key);
  return {
    newest: newest.version,
    of(version) {
      const key = keys.get(version);
      if (!key) throw fault('KeyUnavailable', `No journal key of version ${version} was leased.`);
      return key;
    },
  };
}
