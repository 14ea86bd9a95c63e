import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import { formatId, parseId } from '#kernel/tenancy/id.ts';
import { scopePartitionsMax, topicPartitionsMax, topicsMax } from '../contract/limits.ts';
import {
  type Config,
  configFault,
  compactionLagMs,
  configNumber,
  configSpan,
  configValue,
  isCompacted,
  isDeleted,
  isTiered,
  localNumber,
  tierFault,
} from '../domain/config.ts';
import { topicNameFault } from '../domain/name.ts';
import type { Disk } from './disk.ts';
import { syncFolder } from './folder.ts';
import { type LogConfig, Partition, type Vault } from './partition.ts';
import type { Tier } from './tier/tier.ts';
import type { StateKey, StateLog } from './state-log.ts';
import { encryptionFault, isSealing, type StoredKey, TopicKeys } from './topic-key.ts';

/** A topic as it is kept: what the state log says of it, and its open partitions. */
export type Topic = {
  readonly id: string;
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly name: string;
  readonly createdAt: number;
  readonly partitions: Partition[];
  labels: Readonly<Record<string, string>>;
  config: Config;
  /** Its data keys, sealed, the oldest first; none while it never lay sealed. */
  keys: readonly StoredKey[];
  version: number;
  generation: number;
};

type Stored = {
  id: string;
  tenant: string;
  partitions: number;
  config: Config;
  labels: Record<string, string>;
  createdAt: number;
  version: number;
  generation: number;
  keys?: readonly StoredKey[];
};

export type Owner = { readonly tenant: bigint; readonly scope: bigint };
export type TopicChange = { readonly type: 'put' | 'deleted'; readonly topic: Topic; readonly version: number };

/** The topics of all scopes: each scope has its own names. Every change is in the state log before anybody hears of it. */
export class Topics {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #state: StateLog;
  readonly #now: () => number;
  readonly #scopes = new Map<bigint, Map<string, Topic>>();
  readonly #ids = new Map<string, Topic>();
  readonly #stored = new Map<string, { scope: bigint; name: string; value: Stored }>();
  readonly #starts = new Map<string, number>();
  readonly #listeners = new Set<(change: TopicChange) => void>();
  readonly #keys: TopicKeys;
  readonly #sealer: Sealer;
  readonly #tier: Tier;
  #version = 0;

  constructor(disk: Disk, state: StateLog, now: () => number, sealer: Sealer, tier: Tier) {
    this.#tier = tier;
    this.#disk = disk;
    this.#directory = join(disk.root, 'topic');
    this.#state = state;
    this.#now = now;
    this.#sealer = sealer;
    this.#keys = new TopicKeys(sealer, this);
  }

  /** Number of the last change of any topic. */
  get version(): number {
    return this.#version;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, first, second]: StateKey, value: unknown): void {
    if (kind === 'start') this.#starts.set(`${first} ${second}`, Number(value));
    if (kind !== 'topic') return;
    const key = `${first} ${second}`;
    if (value === null) this.#stored.delete(key);
    else this.#stored.set(key, { scope: parseId(String(first)), name: String(second), value: value as Stored });
    this.#version = Math.max(this.#version, (value as Stored | null)?.version ?? 0);
  }

  /** Opens the partitions of every topic, and removes what a deletion left behind. */
  open(): void {
    for (const { scope, name, value } of this.#stored.values()) this.#hold(this.#made(scope, name, value));
    this.#stored.clear();
    if (!existsSync(this.#directory)) return;
    for (const id of readdirSync(this.#directory))
      if (!this.#ids.has(id)) rmSync(join(this.#directory, id), { recursive: true, force: true });
  }

  #made(scope: bigint, name: string, { id, tenant, partitions, ...rest }: Stored): Topic {
    const topic: Topic = { keys: [], ...rest, id, scope, name, tenant: parseId(tenant), partitions: [] };
    this.#grow(topic, partitions);
    return topic;
  }

  #grow(topic: Topic, partitions: number): void {
    const config = logConfig(topic.config);
    for (let index = topic.partitions.length; index < partitions; index++) {
      const vault: Vault = {
        seals: () => isSealing(topic.config),
        writing: () => this.#keys.writing(topic, index),
        reading: (generation) => this.#keys.reading(topic, index, generation),
        all: () => Promise.all(topic.keys.map(({ generation }) => this.#keys.reading(topic, index, generation))),
      };
      const directory = join(this.#directory, topic.id, String(index));
      const partition = new Partition(this.#disk, directory, index, config, this.#now, vault, this.#tier.of(topic));
      partition.open(this.#starts.get(`${topic.id} ${index}`) ?? 0);
      topic.partitions.push(partition);
    }
  }

  #hold(topic: Topic): void {
    let names = this.#scopes.get(topic.scope);
    if (!names) this.#scopes.set(topic.scope, (names = new Map()));
    names.set(topic.name, topic);
    this.#ids.set(topic.id, topic);
  }

  find(scope: bigint, name: string): Topic | undefined {
    return this.#scopes.get(scope)?.get(name);
  }

  /** The topic of an id, if it lies in this scope: ids of others are as unknown as any. */
  byId(scope: bigint, id: string): Topic | undefined {
    const topic = this.#ids.get(id);
    return topic?.scope === scope ? topic : undefined;
  }

  /** The topics of a scope in order of name. */
  list(scope: bigint): Topic[] {
    const topics = [...(this.#scopes.get(scope)?.values() ?? [])];
    return topics.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  all(): IterableIterator<Topic> {
    return this.#ids.values();
  }

  /** Calls back after every change; returns how to stop. */
  onChange(tell: (change: TopicChange) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  /** Says why a topic cannot be made, by throwing. */
  checkNew({ tenant, scope }: Owner, name: string, partitions: number, config: Config): void {
    const wrong = topicNameFault(name);
    if (wrong) throw fault('TopicNameInvalid', { path: '/name', detail: wrong });
    const own = this.#scopes.get(scope);
    if (own?.has(name)) throw fault('TopicExists', `Topic '${name}' already exists.`);
    if (partitions < 1 || partitions > topicPartitionsMax)
      throw fault('PartitionsInvalid', { path: '/partitions', detail: `Number of partitions must be 1 to ${topicPartitionsMax}.` });
    const wrongConfig = this.wrongConfig(tenant, config);
    if (wrongConfig) throw fault('ConfigInvalid', { path: '/config', detail: wrongConfig });
    if ((own?.size ?? 0) >= topicsMax) throw fault('QuotaExceeded', `A scope has at most ${topicsMax} topics.`);
    this.#checkRoom(scope, partitions);
  }

  /** Why a topic of the tenant cannot have a configuration, or undefined. */
  wrongConfig(tenant: bigint, config: Config, before: Config = {}): string | undefined {
    return (
      configFault(config) ??
      tierFault(config, before, this.#tier.isThere) ??
      encryptionFault(this.#sealer, tenant, configValue(config, 'gamut.encryption'))
    );
  }

  /** Takes up a data key of a topic; resolves when it survives a loss of power. */
  async addKey(topic: Topic, key: StoredKey): Promise<void> {
    if (!this.#ids.has(topic.id)) throw fault('NoSuchTopic', `Topic '${topic.name}' does not exist.`);
    const { id, tenant, partitions, config, labels, createdAt, version, generation } = topic;
    const keys = [...topic.keys, key];
    const value: Stored = {
      ...{ id, tenant: formatId(tenant), partitions: partitions.length, config, labels: { ...labels } },
      ...{ createdAt, version, generation, keys },
    };
    this.#state.put([[['topic', formatId(topic.scope), topic.name], value]]);
    topic.keys = keys;
    await this.#state.flushed();
  }

  #checkRoom(scope: bigint, more: number): void {
    const held = this.list(scope).reduce((sum, topic) => sum + topic.partitions.length, 0);
    if (held + more > scopePartitionsMax) throw fault('QuotaExceeded', `A scope has at most ${scopePartitionsMax} partitions.`);
  }

  create(owner: Owner, name: string, made: { partitions: number; config: Config; labels?: Readonly<Record<string, string>> }): Topic {
    const { partitions, config, labels = {} } = made;
    this.checkNew(owner, name, partitions, config);
    const value: Stored = {
      id: randomUUID(),
      tenant: formatId(owner.tenant),
      partitions,
      config,
      labels,
      createdAt: this.#now(),
      version: this.#version + 1,
      generation: 1,
    };
    this.#state.put([[['topic', formatId(owner.scope), name], value]]);
    this.#version += 1;
    const topic = this.#made(owner.scope, name, value);
    this.#hold(topic);
    this.#tell({ type: 'put', topic, version: topic.version });
    return topic;
  }

  /** Says why a topic cannot have this many partitions, by throwing. */
  checkPartitions(topic: Topic, partitions: number): void {
    if (partitions < topic.partitions.length || partitions > topicPartitionsMax)
      throw fault(
        'PartitionsInvalid',
        `Topic currently has ${topic.partitions.length} partitions; the new number must not be below it, nor above ${topicPartitionsMax}.`,
      );
    this.#checkRoom(topic.scope, partitions - topic.partitions.length);
  }

  /** Resolves when a topic and its folders survive a loss of power, where the topic promises that of its records. */
  async flushed(topic: Topic): Promise<void> {
    if (!topic.partitions.some(({ flushes }) => flushes)) return;
    syncFolder(join(this.#directory, topic.id));
    syncFolder(this.#directory);
    await this.#state.flushed();
  }

  /** Changes what is said of a topic. */
  alter(topic: Topic, to: { config?: Config; labels?: Readonly<Record<string, string>>; partitions?: number }): void {
    const { config = topic.config, labels = topic.labels, partitions = topic.partitions.length } = to;
    const wrong = this.wrongConfig(topic.tenant, config, topic.config);
    if (wrong) throw fault('ConfigInvalid', { path: '/config', detail: wrong });
    this.checkPartitions(topic, partitions);
    const { id, tenant, createdAt, keys } = topic;
    const changed = { version: this.#version + 1, generation: topic.generation + 1 };
    const value: Stored = { id, tenant: formatId(tenant), partitions, config, labels: { ...labels }, createdAt, keys, ...changed };
    const endsTier = isTiered(topic.config) && !isTiered(config);
    this.#state.put([[['topic', formatId(topic.scope), topic.name], value]]);
    this.#version += 1;
    Object.assign(topic, { config, labels, ...changed });
    for (const partition of topic.partitions) partition.configure(logConfig(config));
    if (endsTier) this.#endTier(topic);
    this.#grow(topic, partitions);
    this.#tell({ type: 'put', topic, version: topic.version });
  }

  /** What lay in the store of blobs alone is over. A kill in between leaves segments that are marked, and no harm. */
  #endTier(topic: Topic): void {
    for (const partition of topic.partitions) {
      if (partition.localStart > partition.logStart) this.deleteBefore(topic, partition, partition.localStart);
      partition.dropTier();
    }
  }

  delete(topic: Topic): void {
    const starts = topic.partitions.map(({ index }) => [['start', topic.id, index], null] as const);
    this.#state.put([[['topic', formatId(topic.scope), topic.name], null], ...starts]);
    this.#version += 1;
    this.#scopes.get(topic.scope)?.delete(topic.name);
    this.#ids.delete(topic.id);
    for (const partition of topic.partitions) partition.remove();
    this.#disk.remove(join(this.#directory, topic.id), configNumber(topic.config, 'file.delete.delay.ms'));
    this.#tell({ type: 'deleted', topic, version: this.#version });
  }

  /** Moves the start of a partition's log. */
  deleteBefore(topic: Topic, partition: Partition, offset: number): void {
    this.#state.put([[['start', topic.id, partition.index], offset]]);
    partition.deleteBefore(offset);
  }

  #tell(change: TopicChange): void {
    for (const tell of this.#listeners) tell(change);
  }

  close(): void {
    for (const topic of this.#ids.values()) for (const partition of topic.partitions) partition.close();
  }
}

function logConfig(config: Config): LogConfig {
  return {
    segmentBytes: configNumber(config, 'segment.bytes'),
    segmentMs: Math.min(configNumber(config, 'segment.ms'), compactionLagMs(config)),
    retentionMs: configNumber(config, 'retention.ms'),
    retentionBytes: configNumber(config, 'retention.bytes'),
    localMs: localNumber(config, 'ms'),
    localBytes: localNumber(config, 'bytes'),
    deletes: isDeleted(config),
    compacts: isCompacted(config),
    appendTime: configValue(config, 'message.timestamp.type') === 'LogAppendTime',
    deleteDelayMs: configNumber(config, 'file.delete.delay.ms'),
    flushes: configValue(config, 'flush') === 'commit',
    flushRecords: configSpan(config, 'flush.messages'),
    flushMs: configSpan(config, 'flush.ms'),
  };
}
