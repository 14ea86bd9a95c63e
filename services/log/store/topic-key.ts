import { randomBytes } from 'node:crypto';
import { fault } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { type Config, configValue } from '../domain/config.ts';
import type { BatchKey } from './sealed-batch.ts';
import type { Topic, Topics } from './topic.ts';

/** A data key of a topic, sealed under the key that its configuration named when it was made. */
export type StoredKey = { readonly generation: number; readonly under: string; readonly sealed: string };

/** What `gamut.encryption` says of topics that lie in the clear, and of those under the key of their scope's organization. */
const [inTheClear, ofScope] = ['none', 'scope'];

export const isSealing = (config: Config): boolean => configValue(config, 'gamut.encryption') !== inTheClear;

/** The key that a configuration names, if it names one. */
export function namedKey(config: Config): string | undefined {
  const value = configValue(config, 'gamut.encryption');
  return value === inTheClear || value === ofScope ? undefined : value;
}

/** Why a topic cannot be sealed as its configuration wants; undefined when it can. */
export function encryptionFault(sealer: Sealer, tenant: bigint, value: string): string | undefined {
  if (value === inTheClear) return undefined;
  const state = over(sealer, value).state(tenant);
  if (state === 'enabled') return undefined;
  return state === undefined ? `There is no key ${value}.` : `The key ${value} is ${state}.`;
}

const over = (sealer: Sealer, under: string): Sealer => (under === ofScope ? sealer : sealer.under(under));

const placeOf = ({ id, scope }: Topic, generation: number) => `topic ${formatId(scope)} ${id} ${generation}`;

/**
 * The data keys of topics. They lie sealed in the broker's own state and are opened anew for every request, so that a key which
 * is disabled or destroyed bites with the next one.
 */
export class TopicKeys {
  readonly #sealer: Sealer;
  readonly #topics: Topics;
  readonly #making = new Map<string, Promise<StoredKey>>();

  constructor(sealer: Sealer, topics: Topics) {
    this.#sealer = sealer;
    this.#topics = topics;
  }

  /** The key that new batches of a partition are sealed under; undefined where they lie in the clear. Throws KeyUnavailable. */
  async writing(topic: Topic, index: number): Promise<BatchKey | undefined> {
    const under = configValue(topic.config, 'gamut.encryption');
    if (under === inTheClear) return undefined;
    const newest = topic.keys.at(-1);
    const stored = newest?.under === under ? newest : await this.#make(topic, under);
    return this.#opened(topic, stored, index);
  }

  /** The key of a generation, for reading. Throws KeyUnavailable. */
  async reading(topic: Topic, index: number, generation: number): Promise<BatchKey> {
    const stored = topic.keys.find((key) => key.generation === generation);
    if (!stored) throw fault('KeyRefused', 'The key of a batch is not there any more.');
    return this.#opened(topic, stored, index);
  }

  async #opened(topic: Topic, { generation, under, sealed }: StoredKey, index: number): Promise<BatchKey> {
    const key = await over(this.#sealer, under).open(topic.tenant, Buffer.from(sealed, 'base64'), placeOf(topic, generation));
    return { generation, key, place: `${topic.id} ${index}` };
  }

  /** Requests of one moment share the key that the first of them makes; it is on the disk before anything lies under it. */
  #make(topic: Topic, under: string): Promise<StoredKey> {
    const place = `${topic.id} ${under}`;
    const making = this.#making.get(place) ?? this.#made(topic, under).finally(() => this.#making.delete(place));
    this.#making.set(place, making);
    return making;
  }

  async #made(topic: Topic, under: string): Promise<StoredKey> {
    const generation = (topic.keys.at(-1)?.generation ?? 0) + 1;
    const sealed = await over(this.#sealer, under).seal(topic.tenant, randomBytes(32), placeOf(topic, generation));
    const stored = { generation, under, sealed: sealed.toString('base64') };
    await this.#topics.addKey(topic, stored);
    return stored;
  }
}
