import type { ServicePages } from '#console/service-page.ts';
import { connectKafka } from './connect.ts';

/** The log's own pages: why one wants it, and lines for Kafka clients. */
const pages: ServicePages = {
  why: {
    topics: 'What happens, in order: producers append to a topic, and any number of groups read it, each at its own pace.',
    groups: 'A group appears when its first consumer joins, and remembers how far it has read.',
    subjects: 'What records look like, version by version: a new version must be able to live beside the ones before it.',
    schemas: 'Every schema by its number, as serialisers write it before a record.',
    transactions: 'A producer with a transactional id writes to several topics, and groups see all of it or nothing.',
  },
  connect: { kafka: connectKafka },
};

export default pages;
