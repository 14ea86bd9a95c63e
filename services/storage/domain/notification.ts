import type { Static } from 'typebox';
import type { configurations } from '../contract/configuration.ts';

export type Notification = Static<typeof configurations.notification>;
type Wanted = {
  readonly id?: string;
  readonly events: readonly string[];
  readonly filter?: { readonly s3Key?: { readonly filterRules: readonly { readonly name: string; readonly value: string }[] } };
};

/** What happened to an object, as a message tells it: the name of the event without `s3:`. */
export type Told = {
  readonly name: string;
  readonly key: string;
  readonly size?: number;
  readonly etag?: string;
  readonly versionId?: string;
};

/** The events that are told, by their names in configurations. */
const names = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectRestore:Post',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
  's3:LifecycleTransition',
];

/** The event of an operation that leaves one object changed; undefined where S3 tells nothing. */
export function eventOf(operation: string): string | undefined {
  const created: Readonly<Record<string, string>> = {
    PutObject: 'Put',
    CopyObject: 'Copy',
    // S3 has no event of it: a message tells of what is there, and another of what is there no longer.
    RenameObject: 'Copy',
    CompleteMultipartUpload: operation,
  };
  if (created[operation] !== undefined) return `ObjectCreated:${created[operation]}`;
  const changed: Readonly<Record<string, string>> = {
    PutObjectTagging: 'ObjectTagging:Put',
    DeleteObjectTagging: 'ObjectTagging:Delete',
    PutObjectAcl: 'ObjectAcl:Put',
    RestoreObject: 'ObjectRestore:Post',
  };
  return changed[operation];
}

const matches = (wanted: string, name: string) => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name);

/** Whether a configuration may name an event: one that is told here, or all of a family. */
export function isEventName(wanted: string): boolean {
  return /^s3:[A-Za-z:]+(?::\*)?$/.test(wanted) && names.some((name) => matches(wanted, name));
}

/** A configuration that wants an event: its id, which the one for all events has not, and the topic that it names. */
export type Wanting = { readonly id?: string; readonly topic?: string };

/** The topic whose records are the platform's events, and what names it. */
const eventTopic = 'gamut.events';

/** Where a destination's name leads: an account, if it says one, and a topic. Undefined when it is no such name. */
export function destinationOf(arn: string): { readonly account: string; readonly topic: string } | undefined {
  const [, account, topic] = /^arn:[a-z-]+:(?:events|sns|sqs|kafka):[^:]*:([^:]*):([A-Za-z0-9._-]+)$/.exec(arn) ?? [];
  return account === undefined || topic === undefined ? undefined : { account, topic };
}

/** The topics that a notification names, beside that of the platform's events. */
export function topicsOf({ topics = [], queues = [] }: Notification): string[] {
  const arns = [...topics.map(({ topic }) => topic), ...queues.map(({ queue }) => queue)];
  return [...new Set(arns.map((arn) => destinationOf(arn)?.topic ?? eventTopic))].filter((topic) => topic !== eventTopic);
}

/** The configurations that want an event. */
export function wanting(notification: Notification, { name, key }: Told): Wanting[] {
  const all: readonly (Wanted & { readonly to: string })[] = [
    ...(notification.topics ?? []).map((one) => ({ ...one, to: one.topic })),
    ...(notification.queues ?? []).map((one) => ({ ...one, to: one.queue })),
  ];
  const wanted = all.filter(({ events, filter }) => {
    const rules = filter?.s3Key?.filterRules ?? [];
    const isKey = rules.every((rule) => (rule.name.toLowerCase() === 'prefix' ? key.startsWith(rule.value) : key.endsWith(rule.value)));
    return isKey && events.some((event) => matches(event, `s3:${name}`));
  });
  const named = wanted.map(({ id, to }): Wanting => {
    const topic = destinationOf(to)?.topic ?? eventTopic;
    return { ...(id === undefined ? {} : { id }), ...(topic === eventTopic ? {} : { topic }) };
  });
  return [...named, ...(notification.eventBridge ? [{}] : [])];
}

export type Happened = {
  readonly at: number;
  readonly region: string;
  readonly account: string;
  readonly principal: string;
  readonly requestId: string;
  readonly bucket: string;
  /** Grows with every change of the store, so that of two messages about a key the later is known. */
  readonly sequencer: bigint;
};

/** What S3 sends to a destination when it is named. */
export function testMessageOf(bucket: string, at: number, requestId: string): object {
  return { Service: 'Amazon S3', Event: 's3:TestEvent', Time: new Date(at).toISOString(), Bucket: bucket, RequestId: requestId };
}

/** S3's message of an event, structure 2.1. */
export function messageOf(told: Told, happened: Happened, configurationId: string | undefined): { Records: unknown[] } {
  const { at, region, account, principal, requestId, bucket, sequencer } = happened;
  const { name, key, size, etag, versionId } = told;
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: new Date(at).toISOString(),
        eventName: name,
        userIdentity: { principalId: principal },
        responseElements: { 'x-amz-request-id': requestId },
        s3: {
          s3SchemaVersion: '1.0',
          ...(configurationId === undefined ? {} : { configurationId }),
          bucket: { name: bucket, ownerIdentity: { principalId: account }, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
            ...(size === undefined ? {} : { size }),
            ...(etag === undefined ? {} : { eTag: etag }),
            ...(versionId === undefined ? {} : { versionId }),
            sequencer: sequencer.toString(16).padStart(16, '0').toUpperCase(),
          },
        },
      },
    ],
  };
}
