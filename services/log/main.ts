import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import { dataSubjectProvider } from '#kernel/privacy/subject.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openHttp } from './doors/http/door.ts';
import { openKafka } from './doors/kafka/door.ts';
import { openRegistry } from './doors/registry/door.ts';
import { log as contract } from './service.ts';
import { openBroker } from './store/broker.ts';
import { groupHandlers, groupProvider } from './store/handler/group.ts';
import { registryHandlers, schemaProvider, subjectProvider } from './store/handler/registry.ts';
import { subjects } from './store/handler/subject.ts';
import { partitionHandlers } from './store/handler/partition.ts';
import { recordHandlers } from './store/handler/record.ts';
import { transactionHandlers, transactionProvider } from './store/handler/transaction.ts';
import { topicHandlers, topicProvider } from './store/handler/topic.ts';

registerFaults(contract.errors);

export const main = implement<typeof contract, Needs>(contract, async ({ directory, log, now, mayWrite, sealer, needs }) => {
  if (!needs.directory) throw new TypeError('the log needs the directory');
  const store = needs.blobs ? { blobs: needs.blobs } : {};
  const behind = { broker: openBroker({ directory, log, now, mayWrite, sealer, ...store }), directory: needs.directory };
  const { broker } = behind;
  return {
    handlers: {
      ...topicHandlers(broker),
      ...recordHandlers(broker),
      ...partitionHandlers(broker),
      ...groupHandlers(broker),
      ...transactionHandlers(broker),
      ...registryHandlers(broker),
      ...subjects(broker),
    },
    providers: {
      Topic: topicProvider(broker),
      Group: groupProvider(broker),
      Transaction: transactionProvider(broker),
      Subject: subjectProvider(broker),
      DataSubject: dataSubjectProvider,
      Schema: schemaProvider(broker),
    },
    doors: { kafka: (place) => openKafka(place, behind), registry: openRegistry, http: (place) => openHttp(place, broker) },
    effects: broker.effects,
    stop: () => broker.close(),
  };
});

export const part = servicePart(main);
