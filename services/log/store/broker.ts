import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log, Sealer } from '#kernel/contract/implement.ts';
import { Effects } from './effect.ts';
import { Disk } from './disk.ts';
import { checkpointMs, idleMs, sweepMs, tierMs } from './limits.ts';
import { StateLog } from './state-log.ts';
import { Groups } from './group.ts';
import type { Partition } from './partition.ts';
import { type Topic, Topics } from './topic.ts';
import { Quotas } from './quota.ts';
import { Registry } from './registry.ts';
import { type Store, Tier } from './tier/tier.ts';
import { Transactions } from './transaction.ts';
import { compact } from './compact.ts';
import type { BrokerSettings } from '../domain/broker-config.ts';
import { compactionLagMs, configNumber, isCompacted } from '../domain/config.ts';

/** What a broker that has a standby knows of it. */
export type Paired = {
  /** Resolves when what was changed or read so far may be told; undefined: at once. */
  confirm(): Promise<void> | undefined;
  /** The other broker's number, with the port of its Kafka door where it is known. */
  other(): { readonly nodeId: number; readonly port: number | undefined; readonly isInSync: boolean };
};

/** All that the doors work on. */
export type Broker = {
  readonly clusterId: string;
  /** Under which number clients know this broker. */
  readonly nodeId: number;
  readonly settings: BrokerSettings;
  readonly disk: Disk;
  /** Set once, before the doors open, where there is a standby. */
  paired: Paired | undefined;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly transactions: Transactions;
  readonly registry: Registry;
  readonly quotas: Quotas;
  readonly effects: Effects;
  readonly tier: Tier;
  readonly now: () => number;
  /** Milliseconds of a clock that only goes on, whatever is done to the other one. */
  readonly steady: () => number;
  readonly mayWrite: () => boolean;
  readonly log: Log;
  /** Retention and compaction of everything, now. */
  sweep(): Promise<void>;
  /** Notes how far segments have come, now. */
  checkpoint(): Promise<void>;
  /** Waits until nothing rewrites files, and lets nothing begin to before it is released. */
  hold(): Promise<() => void>;
  close(): Promise<void>;
};

export type BrokerOptions = {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  readonly steady?: () => number;
  readonly mayWrite: () => boolean;
  readonly sealer: Sealer;
  /** Where tiered topics go. */
  readonly blobs?: Store;
  readonly nodeId?: number;
  readonly settings?: BrokerSettings;
};

const sinceStart = () => performance.now();
const usual: BrokerSettings = { partitions: 1, rebalanceDelayMs: 0, idleMs };

/** Opens the log of a directory: first what is known of topics, then their segments. */
export function openBroker(options: BrokerOptions): Broker {
  const { directory, log, now, mayWrite, sealer, blobs, nodeId = 1, settings = usual, steady = sinceStart } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const disk = new Disk(directory);
  const state = new StateLog(disk, join(directory, 'state'), now);
  const tier = new Tier({ store: blobs, sealer, state, clusterId: () => clusterId, confirm: () => broker.paired?.confirm(), log, now });
  const topics = new Topics(disk, state, now, sealer, tier);
  const quotas = new Quotas(state, steady);
  const facts = new Map<string, unknown>();
  state.open((key, value) => {
    if (key[0] === 'fact') facts.set(String(key[1]), value);
    else topics.apply(key, value);
    quotas.apply(key, value);
    tier.apply(key, value);
  });
  const clusterId = String(facts.get('cluster') ?? randomBytes(16).toString('base64url'));
  const boot = Number(facts.get('boot') ?? 0) + 1;
  state.put([
    [['fact', 'cluster'], clusterId],
    [['fact', 'boot'], boot],
  ]);
  topics.open();
  const groupState = new StateLog(disk, join(directory, 'group'), now);
  const groups = new Groups(groupState, topics, { now, steady, log, rebalanceDelayMs: settings.rebalanceDelayMs });
  groupState.open((key, value) => groups.apply(key, value));
  groups.open();
  const transactionState = new StateLog(disk, join(directory, 'transaction'), now);
  const transactions = new Transactions(transactionState, { topics, groups, now, log });
  transactionState.open((key, value) => transactions.apply(key, value));
  transactions.open();
  const registryState = new StateLog(disk, join(directory, 'registry'), now);
  const registry = new Registry(registryState, now);
  registryState.open((key, value) => registry.apply(key, value));
  topics.onChange(({ type, topic }) => {
    if (type === 'deleted') groups.forgetTopic(topic.scope, topic.name);
  });
  const effects = new Effects(boot, now);

  const states = [state, groupState, transactionState, registryState];
  const sweep = () => sweepAll({ topics, groups, states, now: now() });
  const failed = (error: unknown) => log('error', 'upkeep of segments failed; trying again', { error: String(error) });
  const upkeep = openUpkeep([
    [checkpointMs, () => checkpointAll(topics).catch(failed)],
    [tierMs, () => tier.pass(topics)],
    [sweepMs, () => sweep().catch(failed)],
  ]);
  const broker: Broker = {
    ...{ clusterId, nodeId, settings, disk, topics, groups, transactions, registry, quotas, effects, tier },
    ...{ now, steady, mayWrite, log, sweep },
    paired: undefined,
    checkpoint: () => checkpointAll(topics),
    hold: upkeep.hold,
    async close() {
      tier.close();
      effects.flush();
      await upkeep.stop();
      await transactions.close();
      transactionState.close();
      groups.close();
      groupState.close();
      registryState.close();
      topics.close();
      state.close();
    },
  };
  return broker;
}

/** So that the start after a kill reads little; others get their turn between two of those that write. */
async function checkpointAll(topics: Topics): Promise<void> {
  for (const topic of [...topics.all()])
    for (const { active, producers } of topic.partitions)
      if (topics.byId(topic.scope, topic.id) && active.checkpoint(() => producers.snapshot()))
        await new Promise((resolve) => setImmediate(resolve));
}

type Swept = { readonly topics: Topics; readonly groups: Groups; readonly states: readonly StateLog[]; readonly now: number };

async function sweepAll({ topics, groups, states, now }: Swept): Promise<void> {
  for (const topic of [...topics.all()])
    for (const partition of topic.partitions) {
      partition.retain();
      const { active } = partition;
      if (active.sizeBytes > 0 && now - active.createdAt > compactionLagMs(topic.config)) partition.roll();
      if (isCompacted(topic.config)) await compactUnlessSealed(topic, partition, now);
    }
  groups.expire();
  for (const state of states) await state.compact();
}

/** A topic whose key is disabled or gone is compacted when it is back. */
async function compactUnlessSealed(topic: Topic, partition: Partition, now: number): Promise<void> {
  try {
    const [tombstoneMs, lagMs] = [configNumber(topic.config, 'delete.retention.ms'), configNumber(topic.config, 'min.compaction.lag.ms')];
    await compact(partition, { now, tombstoneMs, lagMs });
  } catch (error) {
    if (!(error instanceof OperationError && ['KeyRefused', 'KeyUnavailable'].includes(error.code))) throw error;
  }
}

type Upkeep = { hold(): Promise<() => void>; stop(): Promise<void> };

/** What rewrites files every so many milliseconds; nothing of it twice at once, and nothing while somebody holds it. */
function openUpkeep(works: readonly (readonly [everyMs: number, work: () => Promise<void>])[]): Upkeep {
  const running = new Set<Promise<void>>();
  let holders = 0;
  const timers = works.map(([everyMs, work]) => {
    let own: Promise<void> | undefined;
    return setInterval(() => {
      if (own || holders > 0) return;
      const begun = work().finally(() => {
        running.delete(begun);
        own = undefined;
      });
      own = begun;
      running.add(begun);
    }, everyMs);
  });
  return {
    async hold() {
      holders += 1;
      await Promise.all(running);
      return () => void (holders -= 1);
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
