import type { Static } from 'typebox';
import type { configurations } from '../contract/configuration.ts';

/** A request as the log of a bucket tells it; what is not known is absent. Times are milliseconds. */
export type AccessEntry = {
  readonly owner: string;
  readonly bucket: string;
  readonly at: number;
  readonly address: string;
  /** Who asked; absent for callers without credential. */
  readonly requester?: string;
  readonly requestId: string;
  readonly hostId: string;
  readonly method: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** The address as it came, query included. */
  readonly target: string;
  readonly status: number;
  readonly code?: string;
  readonly sentBytes: number;
  readonly objectBytes?: number;
  readonly totalMs: number;
  readonly referer?: string;
  readonly userAgent?: string;
  readonly signature?: string;
  readonly authentication?: string;
  readonly host?: string;
  readonly copies: boolean;
  /** It was asked of the bucket's website. */
  readonly website: boolean;
};

export type Logging = NonNullable<Static<typeof configurations.logging>['loggingEnabled']>;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number) => String(value).padStart(2, '0');

/** The words of S3 for the sub-resources of a request. */
const resources: Readonly<Record<string, string>> = {
  acl: 'ACL',
  tagging: 'TAGGING',
  versions: 'VERSIONS',
  versioning: 'VERSIONING',
  policy: 'BUCKETPOLICY',
  policyStatus: 'BUCKETPOLICYSTATUS',
  cors: 'CORS',
  lifecycle: 'LIFECYCLE',
  encryption: 'ENCRYPTION',
  website: 'WEBSITE',
  logging: 'LOGGING_STATUS',
  location: 'LOCATION',
  notification: 'NOTIFICATION',
  inventory: 'INVENTORY',
  requestPayment: 'REQUEST_PAYMENT',
  publicAccessBlock: 'PUBLIC_ACCESS_BLOCK',
  ownershipControls: 'OWNERSHIP_CONTROLS',
  'object-lock': 'OBJECT_LOCK_CONFIGURATION',
  retention: 'OBJECT_LOCK_RETENTION',
  'legal-hold': 'OBJECT_LOCK_LEGALHOLD',
  attributes: 'OBJECT_ATTRIBUTES',
  restore: 'RESTORE_OBJECT',
  delete: 'MULTI_OBJECT_DELETE',
  uploads: 'UPLOADS',
};

/** `REST.<method>.<what it is about>`. */
function operationOf({ method, key, query, copies, website }: AccessEntry): string {
  if (website) return `WEBSITE.${method}.OBJECT`;
  const named = Object.keys(resources).find((name) => query.has(name));
  const isPart = query.has('partNumber') && query.has('uploadId');
  const about = isPart ? 'PART' : query.has('uploadId') ? 'UPLOAD' : named ? resources[named]! : key === '' ? 'BUCKET' : 'OBJECT';
  return `REST.${method === 'PUT' && copies ? 'COPY' : method}.${about}`;
}

/** One line of a log of S3: a value that could end its field, its quotes or its line is percent-encoded. */
export function accessLine(entry: AccessEntry): string {
  const at = new Date(entry.at);
  const day = `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  const time = `[${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000]`;
  const fields = [
    entry.owner,
    entry.bucket,
    time,
    word(entry.address),
    word(entry.requester),
    entry.requestId,
    operationOf(entry),
    entry.key === '' ? '-' : encodeURIComponent(entry.key).replaceAll('%2F', '/'),
    quotedText(`${entry.method} ${entry.target} HTTP/1.1`),
    String(entry.status),
    word(entry.code),
    entry.sentBytes === 0 ? '-' : String(entry.sentBytes),
    entry.objectBytes === undefined ? '-' : String(entry.objectBytes),
    String(Math.round(entry.totalMs)),
    '-',
    quotedText(entry.referer),
    quotedText(entry.userAgent),
    word(entry.query.get('versionId')),
    entry.hostId,
    word(entry.signature),
    '-',
    word(entry.authentication),
    word(entry.host),
    '-',
    '-',
    '-',
  ];
  return `${fields.join(' ')}\n`;
}

const hidden = (text: string) => encodeURIComponent(text).replace(/^(?!%)/, '%');
const word = (text: string | undefined) => (text ? text.replace(/[^\x21-\x7e]/gu, hidden) : '-');
const quotedText = (text: string | undefined) => (text ? `"${text.replace(/[^\x20-\x7e]|"/gu, hidden)}"` : '"-"');

export type LogPlace = { readonly account: string; readonly region: string; readonly bucket: string };

/** The key of a log: its prefix, by wish the place and the day it is about, the time, and what makes it unlike any other. */
export function logKey({ targetPrefix, targetObjectKeyFormat }: Logging, place: LogPlace, at: number, unique: string): string {
  const [day = '', time = ''] = new Date(at).toISOString().slice(0, 19).split('T');
  const name = `${day}-${time.replaceAll(':', '-')}-${unique}`;
  if (!targetObjectKeyFormat?.partitionedPrefix) return `${targetPrefix}${name}`;
  return `${targetPrefix}${place.account}/${place.region}/${place.bucket}/${day.replaceAll('-', '/')}/${name}`;
}
