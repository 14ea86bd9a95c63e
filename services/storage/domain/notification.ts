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
  const created: Readonly<Record<string, string>> = { PutObject: 'Put', CopyObject: 'Copy', CompleteMultipartUpload: operation };
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

/** The configurations that want an event, by their ids; the one for all events has none. */
export function wanting(notification: Notification, { name, key }: Told): (string | undefined)[] {
  const all: readonly Wanted[] = [...(notification.topics ?? []), ...(notification.queues ?? [])];
  const wanted = all.filter(({ events, filter }) => {
    const rules = filter?.s3Key?.filterRules ?? [];
    const isKey = rules.every((rule) => (rule.name.toLowerCase() === 'prefix' ? key.startsWith(rule.value) : key.endsWith(rule.value)));
    return isKey && events.some((event) => matches(event, `s3:${name}`));
  });
  return [...wanted.map(({ id }) => id), ...(notification.eventBridge ? [undefined] : [])];
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
