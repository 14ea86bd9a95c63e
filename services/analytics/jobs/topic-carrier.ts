import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Outgoing } from '#seams/log/log.ts';
import type { Box, Letter } from '../store/outbox.ts';
import { atStep } from '../store/step.ts';
import type { Carrier } from './carrier.ts';

/** Where letters go, and as what records. */
export type Route = { readonly topic: string; records(letters: readonly Letter[]): Outgoing[] };

/**
 * Into a topic, each once: a transaction of the log holds the records of whole commits and the number of the last of them, as an
 * offset of a group of this box alone. Who comes after reads that number first, and has fenced whoever was here before.
 */
export const topicCarrier = (logs: Logs, at: Placed, box: Box, { topic, records }: Route): Carrier => ({
  async open() {
    const name = `gamut.analytics.${box.relation}.${box.lane}`;
    const log = await logs.own(at, name);
    const producer = await log.transactions(name);
    // Only now does nobody else move it.
    const [done = -1] = await log.committed(name, topic);
    return {
      done: BigInt(done),
      carry: (posted) =>
        producer.transact(async (within) => {
          await within.produce(topic, records(posted.flatMap(({ letters }) => letters)));
          atStep('epoch-carrying');
          await within.sendOffsets(name, [{ topic, partition: 0, offset: Number(posted.at(-1)?.epoch ?? 0n) }]);
        }),
      close: async () => undefined,
    };
  },
});
