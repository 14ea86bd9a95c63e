import type { ServicePages } from '#console/service-page.ts';
import { connectKafka } from './connect.ts';
import { GroupLag } from './group-lag.tsx';
import { Messages } from './messages.tsx';
import { LogOverview } from './overview.tsx';
import { Partitions } from './partitions.tsx';
import { SubjectVersions } from './subject-versions.tsx';
import './log.css';

/** The log's own pages: its numbers, records decoded, how far groups are, versions of schemas, and lines for Kafka clients. */
const pages: ServicePages = {
  why: {
    topics: 'What happens, in order: producers append to a topic, and any number of groups read it, each at its own pace.',
    groups: 'A group appears when its first consumer joins, and remembers how far it has read.',
    subjects: 'What records look like, version by version: a new version must be able to live beside the ones before it.',
    schemas: 'Every schema by its number, as serialisers write it before a record.',
    transactions: 'A producer with a transactional id writes to several topics, and groups see all of it or nothing.',
  },
  order: ['topics', 'groups', 'transactions', 'subjects', 'schemas'],
  overview: LogOverview,
  tabs: {
    topics: [
      { path: 'records', title: 'Records', page: Messages },
      { path: 'partitions', title: 'Partitions', page: Partitions },
    ],
    groups: [{ path: 'lag', title: 'Lag', page: GroupLag }],
    subjects: [{ path: 'versions', title: 'Versions', page: SubjectVersions }],
  },
  connect: { kafka: connectKafka },
};

export default pages;
