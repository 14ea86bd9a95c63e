import { createHmac } from 'node:crypto';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Keeper } from '#kernel/keys/client.ts';
import { lettersOf } from '../../domain/id.ts';
import { Aliases } from './alias.ts';
import { keysKeptMax, keysKeptMs } from './limits.ts';

/** The platform, whose key makes tickets. */
const platform = 0n;
/** Fingerprints and aliases stay what they are when a ring gets a new version. */
const firstVersion = 1;
const fingerprintLetters = 16;

type Known = { readonly until: number; readonly key: Buffer; readonly aliases: Aliases };

/** Keys that the vault derives of each tenant's ring; keeper gives what they are derived of to the vault alone. */
export class VaultKeys {
  readonly #keeper: Keeper;
  readonly #purpose: string;
  readonly #known = new Map<bigint, Known>();

  constructor(keeper: Keeper, purpose: string) {
    this.#keeper = keeper;
    this.#purpose = purpose;
  }

  readonly ticket = async (): Promise<Buffer> => derived((await this.#of(platform)).key, 'ticket');

  /** The same number has the same fingerprint in one environment, and another in every other. */
  async fingerprint(at: Placed, number: string): Promise<string> {
    const key = derived((await this.#of(at.tenant)).key, `fingerprint ${at.scope}`);
    return lettersOf(createHmac('sha512', key).update(number).digest(), fingerprintLetters);
  }

  async alias(at: Placed, number: string): Promise<string> {
    return (await this.#of(at.tenant)).aliases.of(number, at.scope);
  }

  async #of(tenant: bigint): Promise<Known> {
    const known = this.#known.get(tenant);
    if (known && known.until > Date.now()) return known;
    const { key } = await this.#keeper.lease(tenant, this.#purpose, firstVersion);
    if (this.#known.size >= keysKeptMax) this.#known.clear();
    const made = { until: Date.now() + keysKeptMs, key, aliases: new Aliases(derived(key, 'ff1')) };
    this.#known.set(tenant, made);
    return made;
  }
}

const derived = (key: Buffer, what: string): Buffer => createHmac('sha256', key).update(what).digest();
