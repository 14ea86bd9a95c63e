import { registerFaults } from '#kernel/contract/fault.ts';
import type { Handlers } from '#kernel/contract/call.ts';
import { implement, type Kernel } from '#kernel/contract/implement.ts';
import type { Provider } from '#kernel/contract/provider.ts';
import { settingOf } from '#kernel/contract/setting.ts';
import { dataSubjectProvider } from '#kernel/privacy/subject.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openHttp } from './doors/http/door.ts';
import { openKafka } from './doors/kafka/door.ts';
import { openRegistry } from './doors/registry/door.ts';
import { standBy } from './doors/standby/implementation.ts';
import { log as contract } from './service.ts';
import { type Broker, openBroker } from './store/broker.ts';
import { groupHandlers, groupProvider } from './store/handler/group.ts';
import { quotaHandlers } from './store/handler/quota.ts';
import { registryHandlers, schemaProvider, subjectProvider } from './store/handler/registry.ts';
import { subjects } from './store/handler/subject.ts';
import { partitionHandlers } from './store/handler/partition.ts';
import { recordHandlers } from './store/handler/record.ts';
import { transactionHandlers, transactionProvider } from './store/handler/transaction.ts';
import { topicHandlers, topicProvider } from './store/handler/topic.ts';
import { idleMinMs, idleMs, rebalanceDelayMaxMs, topicPartitionsMax } from './store/limits.ts';
import { nodeIdOf, openLead, seatOf } from './store/pair/pair.ts';
import './store/fault.ts';

registerFaults(contract.errors);

export const main = implement<typeof contract, Needs>(contract, async (kernel) => {
  const { directory } = kernel.needs;
  if (!directory) throw new TypeError('the log needs the directory');
  const { pair: names } = kernel;
  const seat = await seatOf(kernel);
  if (seat && names && !seat.leads) return standBy(kernel, names);
  const broker = brokerOf(kernel);
  const lead = seat?.leads && names ? openLead(kernel, broker, seat.leads, names) : undefined;
  const confirm = lead ? () => lead.confirm() : undefined;
  const behind = { broker, directory };
  const handlers: Handlers<typeof contract> = {
    ...topicHandlers(broker),
    ...recordHandlers(broker),
    ...partitionHandlers(broker),
    ...groupHandlers(broker),
    ...transactionHandlers(broker),
    ...quotaHandlers(broker),
    ...registryHandlers(broker),
    ...subjects(broker),
  };
  return {
    handlers: confirm ? confirmed(handlers, confirm) : handlers,
    providers: {
      Topic: confirm ? confirmedChanges(topicProvider(broker), confirm) : topicProvider(broker),
      Group: confirm ? confirmedChanges(groupProvider(broker), confirm) : groupProvider(broker),
      Transaction: transactionProvider(broker),
      Subject: confirm ? confirmedChanges(subjectProvider(broker), confirm) : subjectProvider(broker),
      DataSubject: dataSubjectProvider,
      Schema: schemaProvider(broker),
    },
    doors: { kafka: (place) => openKafka(place, behind), registry: openRegistry, http: (place) => openHttp(place, broker) },
    effects: broker.effects,
    opened: (doors) => lead?.opened(doors),
    async stop() {
      await broker.close();
      lead?.stop();
    },
  };
});

function brokerOf({ directory, log, now, mayWrite, sealer, needs, pair, process: self }: Kernel<Needs>): Broker {
  const nodeId = nodeIdOf(pair, self);
  const settings = {
    partitions: settingOf('GAMUT_LOG_PARTITIONS', 1, topicPartitionsMax),
    rebalanceDelayMs: settingOf('GAMUT_LOG_REBALANCE_DELAY_MS', 0, rebalanceDelayMaxMs),
    idleMs: settingOf('GAMUT_LOG_IDLE_MS', idleMinMs, idleMs, idleMs),
  };
  const blobs = needs.blobs ? { blobs: needs.blobs } : {};
  return openBroker({ directory, log, now, mayWrite, sealer, nodeId, settings, ...blobs });
}

/** Handlers whose replies are told once the standby has what they speak of. */
function confirmed(handlers: Handlers<typeof contract>, confirm: () => Promise<void>): Handlers<typeof contract> {
  const all = Object.entries(handlers) as [string, (call: never) => Promise<unknown>][];
  const told = all.map(([name, handler]) => [
    name,
    async (call: never) => {
      const reply = await handler(call);
      await confirm();
      return reply;
    },
  ]);
  return Object.fromEntries(told) as Handlers<typeof contract>;
}

/** The same of what a provider changes. */
function confirmedChanges<Spec, Status>(provider: Provider<Spec, Status>, confirm: () => Promise<void>): Provider<Spec, Status> {
  return {
    ...provider,
    async put(...input) {
      const made = await provider.put(...input);
      await confirm();
      return made;
    },
    async delete(...input) {
      await provider.delete(...input);
      await confirm();
    },
  };
}

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url), platformTables: ['pair'] });
