import { type Kept, subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { subjectLabel } from '#kernel/privacy/subject-word.ts';
import type { LogRecord } from '#wire/kafka/record/record.ts';
import type { Broker } from '../broker.ts';
import { dropRecords } from '../compact.ts';
import { membersNamed } from '../group.ts';
import { recordsFrom } from '../offset.ts';
import type { Topic } from '../topic.ts';

/** Whether a record is about a subject: by its key, or by a header. */
function isAbout({ key, headers }: LogRecord, subject: Buffer): boolean {
  return key?.equals(subject) === true || headers.some(({ key: name, value }) => name === subjectLabel && value?.equals(subject) === true);
}

async function* recordsAbout(topic: Topic, subject: Buffer): AsyncGenerator<SubjectItem> {
  for (const partition of topic.partitions)
    for await (const { record } of recordsFrom(partition, partition.logStart, partition.next)) {
      if (!isAbout(record, subject)) continue;
      const { offset, timestamp, key, value, headers } = record;
      const text = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;
      const told = headers.map((header) => ({ name: header.key, base64: text(header.value) }));
      const data = { timestamp, key: text(key), value: text(value), headers: told };
      yield { kind: 'Record', name: `${topic.name}/${partition.index}/${offset}`, data };
    }
}

/** Members of groups whose client says the name as its own. */
function* membersAbout({ groups }: Broker, scope: bigint, subject: string): Generator<SubjectItem> {
  for (const group of groups.list(scope))
    for (const { id, clientId, host } of membersNamed(group, subject))
      yield { kind: 'GroupMember', name: group.name, data: { id, clientId, host } };
}

/** Export and erasure of the records that are about a person, and of clients of that name. */
export const subjects = (broker: Broker) =>
  subjectHandlers('log', {
    async *find({ scope }, subject) {
      for (const topic of broker.topics.list(scope)) yield* recordsAbout(topic, Buffer.from(subject));
      yield* membersAbout(broker, scope, subject);
    },
    async erase({ scope }, subject) {
      const wanted = Buffer.from(subject);
      let erased = 0;
      for (const topic of broker.topics.list(scope))
        for (const partition of topic.partitions) erased += await dropRecords(partition, (record) => isAbout(record, wanted));
      await broker.groups.forgetClient(scope, subject);
      const reason = 'The client is a member now; asked again after it left, its name is gone from the files.';
      const kept: Kept[] = [...membersAbout(broker, scope, subject)].map(({ kind, name }) => ({ kind, name, reason }));
      return { erased, kept };
    },
  });
