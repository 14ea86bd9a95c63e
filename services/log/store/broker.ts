import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log, Sealer } from '#kernel/contract/implement.ts';
import { Effects } from './effect.ts';
import { sweepMs, tierMs } from './limits.ts';
import { StateLog } from './state-log.ts';
import { Groups } from './group.ts';
import type { Partition } from './partition.ts';
import { type Topic, Topics } from './topic.ts';
import { Registry } from './registry.ts';
import { type Store, Tier } from './tier/tier.ts';
import { Transactions } from './transaction.ts';
import { compact } from './compact.ts';
import { configNumber, isCompacted } from '../domain/config.ts';

/** The node that all clients talk to. */
export const nodeId = 1;

/** All that the doors work on. */
export type Broker = {
  readonly clusterId: string;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly transactions: Transactions;
  readonly registry: Registry;
  readonly effects: Effects;
  readonly tier: Tier;
  readonly now: () => number;
  readonly mayWrite: () => boolean;
  readonly log: Log;
  /** Retention and compaction of everything, now. */
  sweep(): Promise<void>;
  close(): Promise<void>;
};

export type BrokerOptions = {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  readonly mayWrite: () => boolean;
  readonly sealer: Sealer;
  /** Where tiered topics go. */
  readonly blobs?: Store;
};

/** Opens the log of a directory: first what is known of topics, then their segments. */
export function openBroker({ directory, log, now, mayWrite, sealer, blobs }: BrokerOptions): Broker {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const state = new StateLog(join(directory, 'state'), now);
  const tier = new Tier({ store: blobs, sealer, state, clusterId: () => clusterId, log, now });
  const topics = new Topics(join(directory, 'topic'), state, now, sealer, tier);
  const facts = new Map<string, unknown>();
  state.open((key, value) => {
    if (key[0] === 'fact') facts.set(String(key[1]), value);
    else topics.apply(key, value);
    tier.apply(key, value);
  });
  const clusterId = String(facts.get('cluster') ?? randomBytes(16).toString('base64url'));
  const boot = Number(facts.get('boot') ?? 0) + 1;
  state.put([
    [['fact', 'cluster'], clusterId],
    [['fact', 'boot'], boot],
  ]);
  topics.open();
  const groupState = new StateLog(join(directory, 'group'), now);
  const groups = new Groups(groupState, topics, now, log);
  groupState.open((key, value) => groups.apply(key, value));
  groups.open();
  const transactionState = new StateLog(join(directory, 'transaction'), now);
  const transactions = new Transactions(transactionState, { topics, groups, now, log });
  transactionState.open((key, value) => transactions.apply(key, value));
  transactions.open();
  const registryState = new StateLog(join(directory, 'registry'), now);
  const registry = new Registry(registryState, now);
  registryState.open((key, value) => registry.apply(key, value));
  topics.onChange(({ type, topic }) => {
    if (type === 'deleted') groups.forgetTopic(topic.scope, topic.name);
  });
  const effects = new Effects(boot, now);

  async function sweep(): Promise<void> {
    for (const topic of [...topics.all()])
      for (const partition of topic.partitions) {
        partition.retain();
        if (isCompacted(topic.config)) await compactUnlessSealed(topic, partition, now());
      }
    groups.expire();
    await state.compact();
    await groupState.compact();
    await transactionState.compact();
    await registryState.compact();
  }

  const stopTiering = every(tierMs, () => tier.pass(topics));
  const stopSweeping = every(sweepMs, () =>
    sweep().catch((error: unknown) => log('error', 'retention or compaction failed; trying again', { error: String(error) })),
  );
  return {
    clusterId,
    topics,
    groups,
    transactions,
    registry,
    effects,
    tier,
    now,
    mayWrite,
    log,
    sweep,
    async close() {
      tier.close();
      await stopTiering();
      effects.flush();
      await stopSweeping();
      transactions.close();
      transactionState.close();
      groups.close();
      groupState.close();
      registryState.close();
      topics.close();
      state.close();
    },
  };
}

/** A topic whose key is disabled or gone is compacted when it is back. */
async function compactUnlessSealed(topic: Topic, partition: Partition, now: number): Promise<void> {
  try {
    await compact(partition, { now, tombstoneMs: configNumber(topic.config, 'delete.retention.ms') });
  } catch (error) {
    if (!(error instanceof OperationError && ['KeyRefused', 'KeyUnavailable'].includes(error.code))) throw error;
  }
}

/** Does something again and again, never twice at once; answers how to stop, which waits for what runs. */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work().finally(() => {
      running = undefined;
    });
  }, ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
