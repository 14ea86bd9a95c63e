type Value = { readonly value: string; readonly type: 1 | 2 | 3 | 5 | 7 };

/** What the operator may say when the platform starts, by Apache Kafka's names for it. */
export type BrokerSettings = {
  /** num.partitions: how many a topic gets whose maker does not say. */
  readonly partitions: number;
  /** group.initial.rebalance.delay.ms: how long a group without members waits for more than the first. */
  readonly rebalanceDelayMs: number;
  /** connections.max.idle.ms: after how much silence a connection is closed. */
  readonly idleMs: number;
};

/** What a broker says of itself. These values are so, and cannot be changed while it runs. */
export const brokerConfig = ({ partitions, rebalanceDelayMs, idleMs }: BrokerSettings): Readonly<Record<string, Value>> => ({
  'auto.create.topics.enable': { value: 'true', type: 1 },
  'broker.id': { value: '1', type: 3 },
  'connections.max.idle.ms': { value: String(idleMs), type: 5 },
  'default.replication.factor': { value: '1', type: 3 },
  'group.initial.rebalance.delay.ms': { value: String(rebalanceDelayMs), type: 3 },
  'message.max.bytes': { value: '1048588', type: 3 },
  'num.partitions': { value: String(partitions), type: 3 },
  'transaction.max.timeout.ms': { value: '900000', type: 3 },
});
