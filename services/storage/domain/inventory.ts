import type { Static } from 'typebox';
import { fault } from '#kernel/contract/fault.ts';
import { type Column, parquetSchema, type ParquetValue } from '#wire/parquet/file.ts';
import type { Inventory as InventorySchema } from '../contract/inventory.ts';
import { inventoryFields, untoldFields } from '../contract/inventory.ts';
import type { Grant } from './acl.ts';
import type { Lock } from './lock.ts';

export type Inventory = Static<typeof InventorySchema>;
export type InventoryFormat = 'CSV' | 'Parquet';
type Destination = Inventory['destination']['s3BucketDestination'];

/** A version as an inventory tells it. Times are milliseconds since 1970. */
export type InventoryEntry = {
  readonly key: string;
  readonly versionId: string;
  readonly latest: boolean;
  readonly deleteMarker: boolean;
  readonly size: number;
  readonly modifiedAt: number;
  readonly etag: string;
  readonly storageClass: string;
  readonly isMultipart: boolean;
  readonly encryption: 'NOT-SSE' | 'SSE-S3' | 'SSE-KMS' | 'SSE-C';
  readonly lock?: Lock;
  readonly checksumAlgorithm?: string;
  readonly grants: readonly Grant[];
  readonly owner: string;
  readonly expiresAt?: number;
};

/** The bucket that a destination names; undefined when its name is none of a bucket. */
export function destinationBucket({ bucket }: Destination): string | undefined {
  return /^arn:[a-z-]+:s3:::([^/*?:]+)$/.exec(bucket)?.[1];
}

/** Refuses an inventory that contradicts itself, or asks for what is not there. Answers it as it is to be kept. */
export function checkInventory(inventory: Inventory): Inventory {
  const { id, destination, optionalFields = [] } = inventory;
  if (!/^[A-Za-z0-9._-]+$/.test(id))
    throw fault('InvalidArgument', 'The id of an inventory is of letters, digits, dots, dashes and underscores.');
  const { s3BucketDestination: to } = destination;
  if (to.format === 'ORC') throw fault('NotImplemented', 'Inventories are written as CSV or Parquet, not as ORC.');
  const untold = untoldFields.find((name) => optionalFields.includes(name));
  if (untold !== undefined) throw fault('NotImplemented', `Inventories do not tell ${untold}.`);
  if (destinationBucket(to) === undefined) throw fault('InvalidArgument', 'Invalid bucket ARN.');
  const { encryption } = to;
  if (encryption && (encryption.s3 === undefined) === (encryption.kms === undefined)) throw fault('MalformedXML');
  if (new Set(optionalFields).size < optionalFields.length) throw fault('MalformedXML');
  return inventory;
}

/** The number of the day, or of the week that began on a Sunday, in which a moment lies: an inventory is written once in each. */
export function inventorySlot({ schedule }: Inventory, at: number, dayMs: number): number {
  const day = Math.floor(at / dayMs);
  // The first of January 1970 was a Thursday.
  return schedule.frequency === 'Daily' ? day : Math.floor((day + 4) / 7);
}

type Field = {
  /** S3's name, and that of the column of Parquet. */
  readonly title: string;
  readonly column: Column;
  readonly of: (entry: InventoryEntry, bucket: string) => ParquetValue;
};
const field = (title: string, column: Column, of: Field['of']): Field => ({ title, column, of });
/** Of what a delete marker has not. */
const stored = (of: (entry: InventoryEntry) => ParquetValue) => (entry: InventoryEntry) => (entry.deleteMarker ? undefined : of(entry));

const leading: readonly Field[] = [
  field('Bucket', { name: 'bucket', type: 'text', required: true }, (_, bucket) => bucket),
  field('Key', { name: 'key', type: 'text', required: true }, ({ key }) => key),
];
const ofVersions: readonly Field[] = [
  field('VersionId', { name: 'version_id', type: 'text' }, ({ versionId }) => versionId),
  field('IsLatest', { name: 'is_latest', type: 'boolean' }, ({ latest }) => latest),
  field('IsDeleteMarker', { name: 'is_delete_marker', type: 'boolean' }, ({ deleteMarker }) => deleteMarker),
];
const byName: Readonly<Record<(typeof inventoryFields)[number], readonly [Column, (entry: InventoryEntry) => ParquetValue]>> = {
  Size: [{ name: 'size', type: 'integer' }, stored(({ size }) => size)],
  LastModifiedDate: [{ name: 'last_modified_date', type: 'time' }, ({ modifiedAt }) => modifiedAt],
  ETag: [{ name: 'e_tag', type: 'text' }, stored(({ etag }) => etag)],
  StorageClass: [{ name: 'storage_class', type: 'text' }, stored(({ storageClass }) => storageClass)],
  IsMultipartUploaded: [{ name: 'is_multipart_uploaded', type: 'boolean' }, stored(({ isMultipart }) => isMultipart)],
  // Nothing is replicated.
  ReplicationStatus: [{ name: 'replication_status', type: 'text' }, () => undefined],
  EncryptionStatus: [{ name: 'encryption_status', type: 'text' }, stored(({ encryption }) => encryption)],
  ObjectLockRetainUntilDate: [{ name: 'object_lock_retain_until_date', type: 'time' }, ({ lock }) => lock?.until],
  ObjectLockMode: [{ name: 'object_lock_mode', type: 'text' }, ({ lock }) => lock?.mode],
  ObjectLockLegalHoldStatus: [
    { name: 'object_lock_legal_hold_status', type: 'text' },
    stored(({ lock }) => (lock?.legalHold ? 'On' : 'Off')),
  ],
  // All tiers are read alike, which is what S3's tier of this name says.
  IntelligentTieringAccessTier: [
    { name: 'intelligent_tiering_access_tier', type: 'text' },
    stored(({ storageClass }) => (storageClass === 'INTELLIGENT_TIERING' ? 'FREQUENT' : undefined)),
  ],
  BucketKeyStatus: [
    { name: 'bucket_key_status', type: 'text' },
    stored(({ encryption }) => (encryption === 'SSE-KMS' ? 'DISABLED' : undefined)),
  ],
  ChecksumAlgorithm: [{ name: 'checksum_algorithm', type: 'text' }, ({ checksumAlgorithm }) => checksumAlgorithm],
  ObjectAccessControlList: [{ name: 'object_access_control_list', type: 'text' }, stored(({ grants }) => aclOf(grants))],
  ObjectOwner: [{ name: 'object_owner', type: 'text' }, ({ owner }) => owner],
  LifecycleExpirationDate: [{ name: 'lifecycle_expiration_date', type: 'time' }, ({ expiresAt }) => expiresAt],
};

/** The fields of an inventory, in the order in which S3 tells them. */
function fieldsOf({ includedObjectVersions, optionalFields = [] }: Inventory): Field[] {
  const asked = inventoryFields.filter((name) => optionalFields.includes(name)).map((name) => field(name, ...byName[name]));
  return [...leading, ...(includedObjectVersions === 'All' ? ofVersions : []), ...asked];
}

/** Grants as S3 tells them in an inventory: JSON in base64. */
function aclOf(grants: readonly Grant[]): string {
  const told = grants.map(({ id, uri, permission }) =>
    uri === undefined ? { canonicalId: id, permission, type: 'CanonicalUser' } : { uri, permission, type: 'Group' },
  );
  return Buffer.from(JSON.stringify({ version: '2022-11-10', status: 'AVAILABLE', grants: told })).toString('base64');
}

/** How rows of an inventory are made of versions: its columns, and the values of a version in their order. */
export type InventoryTable = {
  readonly columns: readonly Column[];
  readonly row: (entry: InventoryEntry) => ParquetValue[];
  /** What the manifest says of the columns. */
  readonly schema: string;
};

export function inventoryTable(inventory: Inventory, bucket: string): InventoryTable {
  const fields = fieldsOf(inventory);
  const columns = fields.map(({ column }) => column);
  const isCsv = inventory.destination.s3BucketDestination.format === 'CSV';
  return {
    columns,
    row: (entry) => fields.map(({ of }) => of(entry, bucket)),
    schema: isCsv ? fields.map(({ title }) => title).join(', ') : parquetSchema('s3.inventory', columns),
  };
}

/** A row as a line of S3's CSV: every value quoted, keys percent-encoded, what is not there empty. */
export function inventoryLine(columns: readonly Column[], row: readonly ParquetValue[]): string {
  const told = row.map((value, at) => {
    const { name, type } = columns[at]!;
    if (value === undefined) return '""';
    const text = type === 'time' ? new Date(value as number).toISOString() : String(value);
    return `"${(name === 'key' ? encodeURIComponent(text).replaceAll('%2F', '/') : text).replaceAll('"', '""')}"`;
  });
  return `${told.join(',')}\n`;
}

/** Where an inventory is written: below its prefix, the bucket it is of, and its id. */
export function inventoryPlaces({ id, destination }: Inventory, source: string, at: number) {
  const { prefix = '', format } = destination.s3BucketDestination;
  const base = `${prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`}${source}/${id}`;
  const minute = new Date(at).toISOString().slice(0, 16).replaceAll(':', '-');
  return {
    manifest: `${base}/${minute}Z/manifest.json`,
    checksum: `${base}/${minute}Z/manifest.checksum`,
    links: `${base}/hive/dt=${minute.replace('T', '-')}/symlink.txt`,
    file: (name: string) => `${base}/data/${name}.${format === 'CSV' ? 'csv.gz' : 'parquet'}`,
  };
}

export type InventoryFile = { readonly key: string; readonly size: number; readonly md5: string };

/** The manifest of a written inventory, as S3 has it. */
export function inventoryManifest(
  inventory: Inventory,
  source: string,
  at: number,
  written: { readonly schema: string; readonly files: readonly InventoryFile[] },
): string {
  const { bucket, format } = inventory.destination.s3BucketDestination;
  return JSON.stringify({
    sourceBucket: source,
    destinationBucket: bucket,
    version: '2016-11-30',
    creationTimestamp: String(at),
    fileFormat: format,
    fileSchema: written.schema,
    files: written.files.map(({ key, size, md5 }) => ({ key, size, MD5checksum: md5 })),
  });
}
