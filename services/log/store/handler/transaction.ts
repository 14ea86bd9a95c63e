import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Envelope, Provider } from '#kernel/contract/provider.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';
import type { Held } from '../transaction.ts';
import { paged } from './topic.ts';

type Names = 'ListTransactions' | 'GetTransaction' | 'AbortTransaction' | 'WriteTransaction' | 'WriteIdempotently';

type Status = {
  state: string;
  producerId: number;
  producerEpoch: number;
  timeoutMs: number;
  startedAt: number;
  partitions: { topic: string; partition: number }[];
};
type Told = Envelope<Record<never, never>, Status> & { labels: Record<string, string>; status: Status };

/** A transactional producer in the platform's envelope. */
function envelopeOf({ id, at }: Held): Told {
  const { state, producerId, epoch, timeoutMs, startedAt, updatedAt } = at;
  const partitions = at.partitions.map((name) => {
    const [topic = '', index] = name.split(' ');
    return { topic, partition: Number(index) };
  });
  const status = { state, producerId, producerEpoch: epoch, timeoutMs, startedAt, partitions };
  return { uid: id, name: id, generation: epoch, version: String(updatedAt), labels: {}, createdAt: updatedAt, spec: {}, status };
}

const step = async (): Promise<never> => {
  throw fault('NotImplemented', 'This is a step of the Kafka protocol; connect to log.kafka.');
};

const named = (all: readonly Held[]) => all.map((held) => ({ name: held.id, held }));

/** The handlers of the operations on transactional producers. */
export function transactionHandlers({ transactions }: Broker): Pick<Handlers<typeof log>, Names> {
  return {
    async ListTransactions({ caller, input }) {
      const { items, next } = paged(named(transactions.list(caller.scope)), input);
      return { output: { items: items.map(({ held }) => envelopeOf(held)), ...(next === undefined ? {} : { next }), version: '0' } };
    },
    async GetTransaction({ caller, ref }) {
      const held = transactions.find(caller.scope, ref.name);
      if (!held) throw fault('NoSuchTransaction');
      return { output: envelopeOf(held) };
    },
    async AbortTransaction({ caller, ref }) {
      const held = transactions.find(caller.scope, ref.name);
      if (!held) throw fault('NoSuchTransaction');
      const { partitions } = held.at;
      transactions.abort(held);
      await transactions.ended(caller.scope, held.id, partitions);
      return { output: envelopeOf(held) };
    },
    WriteTransaction: step,
    WriteIdempotently: step,
  };
}

/** Transactional producers as resources of the platform: they are made by their first InitProducerId. */
export function transactionProvider({ transactions }: Broker): Provider<Record<never, never>, Status> {
  const only = (): never => {
    throw fault('NotImplemented', 'Transactional producers are made by the clients that are one.');
  };
  return {
    attributes: (scope, name) => transactions.find(scope, name) && { labels: {} },
    async get({ scope }, name) {
      const held = transactions.find(scope, name);
      return held && envelopeOf(held);
    },
    async list({ scope }, page) {
      const { items, next } = paged(named(transactions.list(scope)), page);
      return { items: items.map(({ held }) => envelopeOf(held)), ...(next === undefined ? {} : { next }), version: '0' };
    },
    put: async () => only(),
    delete: async () => only(),
    async *watch() {
      only();
    },
  };
}
