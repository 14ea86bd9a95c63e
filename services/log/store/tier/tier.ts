import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fault } from '#kernel/contract/fault.ts';
import type { Log, Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { formatId, parseId } from '#kernel/tenancy/id.ts';
import type { Blobs } from '#seams/blobs/blobs.ts';
import { BlobsError } from '#seams/blobs/error.ts';
import { configValue, isTiered } from '../../domain/config.ts';
import { blockBytes, collectMs, tierCacheBytes } from '../limits.ts';
import type { Partition, PartitionTier } from '../partition.ts';
import type { Segment } from '../segment.ts';
import type { StateKey, StateLog } from '../state-log.ts';
import type { Topic, Topics } from '../topic.ts';
import { openBlock, placeOfBlock } from './block.ts';
import { bytesBody, fileBody } from './body.ts';
import { Cache } from './cache.ts';
import { indexKeyOf, type Mark } from './mark.ts';

/** Where segments go: kernel/session opens it. */
export type Store = { readonly isThere: boolean; at(placed: Placed): Promise<Blobs> };

export type TierOptions = {
  /** Absent: nothing is tiered. */
  readonly store: Store | undefined;
  readonly sealer: Sealer;
  readonly state: StateLog;
  readonly clusterId: () => string;
  /** Resolves while this broker leads, with everything known to its standby: who does not lead any more removes nothing. */
  readonly confirm: () => Promise<void> | undefined;
  readonly log: Log;
  readonly now: () => number;
};

type Owner = Pick<Topic, 'id' | 'tenant' | 'scope'>;

/**
 * Sealed segments in a store of blobs. A segment is copied, then marked as copied by a file beside it, and only then may its own
 * file go; it is unmarked before its object is removed. So a kill at any moment loses nothing, and what it leaves in the store
 * unmarked is found by `collect`.
 */
export class Tier {
  readonly #options: TierOptions;
  readonly #cache = new Cache(tierCacheBytes);
  /** Environments that may have objects, with their organizations. */
  readonly #used = new Map<bigint, bigint>();
  readonly #copying = new Set<string>();
  #removing: Promise<void> = Promise.resolve();
  #passing: Promise<void> | undefined;
  #collectAt = 0;
  #closed = false;
  #isAway = false;

  constructor(options: TierOptions) {
    this.#options = options;
  }

  get isThere(): boolean {
    return this.#options.store?.isThere ?? false;
  }

  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, scope]: StateKey, value: unknown): void {
    if (kind !== 'tier') return;
    if (value === null) this.#used.delete(parseId(String(scope)));
    else this.#used.set(parseId(String(scope)), parseId(String(value)));
  }

  /** What the partitions of a topic need of the store. */
  of(topic: Owner): PartitionTier {
    return {
      read: (mark, position, bytes) => this.#read(topic, mark, position, bytes),
      forget: (marks) => this.#forget(topic, marks),
    };
  }

  /** Copies what is sealed, lets local files go that are copied and due, and removes what nobody speaks of any more. */
  pass(topics: Topics): Promise<void> {
    this.#passing ??= this.#pass(topics).finally(() => {
      this.#passing = undefined;
    });
    return this.#passing;
  }

  async #pass(topics: Topics): Promise<void> {
    try {
      for (const topic of [...topics.all()].filter(({ config }) => isTiered(config)))
        for (const partition of topic.partitions) {
          if (this.#closed) return;
          if (configValue(topic.config, 'remote.log.copy.disable') === 'false') await this.#copyAll(topic, partition);
          partition.releaseDue();
        }
      if (this.#options.now() >= this.#collectAt) await this.collect(topics);
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway) this.#options.log('warn', 'segments cannot be tiered now; trying again', { error: String(error) });
      this.#isAway = true;
    }
  }

  async #copyAll(topic: Topic, partition: Partition): Promise<void> {
    for (const segment of partition.segments.slice(0, -1)) {
      // What an open transaction wrote may yet be read again from the start of it.
      if (this.#closed || segment.nextOffset > partition.stable) return;
      if (!segment.mark && segment.sizeBytes > 0) await this.#copy(topic, partition, segment);
    }
  }

  async #copy(topic: Topic, partition: Partition, segment: Segment): Promise<void> {
    const { sealer, clusterId } = this.#options;
    const name = `${String(segment.baseOffset).padStart(20, '0')}-${randomBytes(6).toString('hex')}.log`;
    const key = `${clusterId()}/${topic.id}/${partition.index}/${name}`;
    const plainKey = randomBytes(32);
    const sealed = (await sealer.seal(topic.tenant, plainKey, `tier ${key}`)).toString('base64');
    const { sizeBytes, nextOffset, maxTimestamp, createdAt } = segment;
    const mark: Mark = { key, sealed, sizeBytes, nextOffset, maxTimestamp, createdAt };
    await this.#noteUse(topic);
    const store = await this.#at(topic);
    this.#copying.add(key);
    try {
      const index = await readFile(segment.indexPath);
      await put(store, indexKeyOf(mark), bytesBody(index, plainKey));
      const body = await fileBody(segment.path, sizeBytes, plainKey);
      await put(store, key, body).finally(() => body.close());
      // It may have been removed or written anew in the meantime.
      if (!partition.segments.includes(segment)) return this.#forget(topic, [mark]);
      segment.setMark(mark);
    } catch (error) {
      this.#forget(topic, [mark]);
      throw error;
    } finally {
      this.#copying.delete(key);
    }
  }

  /** That an environment has objects is known before it has the first. */
  async #noteUse({ tenant, scope }: Owner): Promise<void> {
    if (this.#used.has(scope)) return;
    this.#options.state.put([[['tier', formatId(scope)], formatId(tenant)]]);
    this.#used.set(scope, tenant);
    await this.#options.state.flushed();
  }

  #at({ tenant, scope }: Placed): Promise<Blobs> {
    const { store } = this.#options;
    if (!store) throw fault('Unavailable', 'There is no store of blobs.');
    return store.at({ tenant, scope });
  }

  async #read(topic: Owner, mark: Mark, position: number, bytes: number): Promise<Buffer> {
    const first = Math.floor(position / blockBytes);
    const last = Math.floor((position + Math.max(1, bytes) - 1) / blockBytes);
    const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    const blockOf = (block: number) => this.#cache.get(`${mark.key} ${block}`, () => this.#block(topic, mark, block));
    const blocks = await Promise.all(numbers.map(blockOf));
    const from = position - first * blockBytes;
    return (blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks)).subarray(from, from + bytes);
  }

  async #block(topic: Owner, { key, sealed, sizeBytes }: Mark, block: number): Promise<Buffer> {
    const plainKey = await this.#options.sealer.open(topic.tenant, Buffer.from(sealed, 'base64'), `tier ${key}`);
    const { from, bytes } = placeOfBlock(block);
    const found = await this.#at(topic)
      .then((store) => store.read(key, from, bytes))
      .catch((error: unknown) => {
        throw error instanceof BlobsError ? readFault(error) : error;
      });
    const plain = openBlock(found, block, plainKey);
    if (plain.length !== Math.min(blockBytes, sizeBytes - block * blockBytes)) throw fault('LogFailed', 'A tiered segment is cut.');
    return plain;
  }

  /** Removes objects that are not marked any more, one after the other; what fails is left to `collect`. */
  #forget(topic: Owner, marks: readonly Mark[]): void {
    for (const mark of marks) {
      this.#cache.forget(`${mark.key} `);
      this.#removing = this.#removing.then(async () => {
        if (this.#closed) return;
        try {
          await this.#options.confirm();
          const store = await this.#at(topic);
          for (const key of [mark.key, indexKeyOf(mark)]) await store.remove(key);
        } catch {
          this.#collectAt = 0;
        }
      });
    }
  }

  /** Removes every object of this log that no segment is marked with: what a kill, or a store that was away, has left. */
  async collect(topics: Topics): Promise<void> {
    for (const [scope, tenant] of [...this.#used]) {
      const store = await this.#at({ tenant, scope });
      let kept = 0;
      try {
        for await (const { key } of store.list(`${this.#options.clusterId()}/`)) {
          if (this.#closed) return;
          if (this.#isKnown(topics, scope, key)) kept += 1;
          else {
            await this.#options.confirm();
            await store.remove(key);
          }
        }
      } catch (error) {
        if (!(error instanceof BlobsError && error.code === 'NoSuchBucket')) throw error;
      }
      if (kept > 0 || this.#copying.size > 0 || topics.list(scope).some(({ config }) => isTiered(config))) continue;
      this.#options.state.put([[['tier', formatId(scope)], null]]);
      this.#used.delete(scope);
    }
    this.#collectAt = this.#options.now() + collectMs;
  }

  /** Looked up when it is asked, because segments are marked while a list is read. */
  #isKnown(topics: Topics, scope: bigint, key: string): boolean {
    const log = key.replace(/\.index$/, '.log');
    if (this.#copying.has(log)) return true;
    const [, topic = '', index = ''] = key.split('/');
    const segments = topics.byId(scope, topic)?.partitions[Number(index)]?.segments ?? [];
    return segments.some(({ mark }) => mark?.key === log);
  }

  /** Resolves when no object is being removed. */
  async settled(): Promise<void> {
    await this.#removing;
  }

  close(): void {
    this.#closed = true;
  }
}

/** The first segment of an environment finds no bucket. */
async function put(store: Blobs, key: string, body: Parameters<Blobs['put']>[1]): Promise<void> {
  try {
    await store.put(key, body);
  } catch (error) {
    if (!(error instanceof BlobsError && error.code === 'NoSuchBucket')) throw error;
    await store.ensureBucket();
    await store.put(key, body);
  }
}

/** Records are there and cannot be read now, or the store has lost them; neither is an offset out of range. */
const readFault = (error: BlobsError) =>
  error.passes
    ? fault('Unavailable', { detail: 'The store of tiered segments is away.', cause: error })
    : fault('LogFailed', { detail: `A tiered segment cannot be read: ${error.message}`, cause: error });
