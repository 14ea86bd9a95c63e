type Value = { readonly value: string; readonly type: 1 | 2 | 3 | 5 | 7 };

/** What a broker says of itself. These values are so, and cannot be changed while it runs. */
export const brokerConfig = (partitions: number): Readonly<Record<string, Value>> => ({
  'auto.create.topics.enable': { value: 'true', type: 1 },
  'broker.id': { value: '1', type: 3 },
  'default.replication.factor': { value: '1', type: 3 },
  'group.initial.rebalance.delay.ms': { value: '0', type: 3 },
  'message.max.bytes': { value: '1048588', type: 3 },
  'num.partitions': { value: String(partitions), type: 3 },
  'transaction.max.timeout.ms': { value: '900000', type: 3 },
});
