import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';
import type { Partition } from '../partition.ts';
import type { Topic } from '../topic.ts';

/** What a partition holds, and who has a transaction open in it. */
function told({ transactions }: Broker, { scope }: Topic, partition: Partition) {
  const open = [...partition.producers.entries()]
    .filter(([, { from }]) => from >= 0)
    .map(([producerId, { epoch, from, lastTimestamp }]) => ({
      producerId,
      producerEpoch: epoch,
      from,
      lastWriteAt: lastTimestamp,
      transaction: transactions.ownerOf(scope, producerId) ?? null,
    }));
  open.sort((left, right) => left.from - right.from);
  const { index, logStart, next, stable, sizeBytes, localBytes } = partition;
  return { partition: index, start: logStart, end: next, stable, sizeBytes, localBytes, open };
}

/** The handlers of the operations on partitions of a topic. */
export function partitionHandlers(broker: Broker): Pick<Handlers<typeof log>, 'DescribePartitions' | 'EndTransaction'> {
  const own = (scope: bigint, name: string): Topic => {
    const topic = broker.topics.find(scope, name);
    if (!topic) throw fault('NoSuchTopic', `Topic '${name}' does not exist.`);
    return topic;
  };
  return {
    async DescribePartitions({ caller, ref }) {
      const topic = own(caller.scope, ref.name);
      return { output: { partitions: topic.partitions.map((partition) => told(broker, topic, partition)) } };
    },
    async EndTransaction({ caller, ref, input }) {
      const { partition: index, producerId, producerEpoch, outcome = 'abort' } = input;
      const partition = own(caller.scope, ref.name).partitions[index];
      if (!partition) throw fault('NoSuchTopic', `Topic '${ref.name}' has no partition ${index}.`);
      if (!partition.producers.known(producerId)) throw fault('NoSuchTransaction', 'The partition does not know the producer.');
      if (partition.appendMarker(outcome, { producerId, producerEpoch })) throw fault('ProducerFenced');
      await partition.flushed();
      return { output: {} };
    },
  };
}
