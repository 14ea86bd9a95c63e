import type { Output } from '#kernel/contract/contract.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { listKeysMax } from '../../contract/limits.ts';
import type { storage } from '../../service.ts';
import { dropUndefined } from './condition.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { isoTime, nameWriter, ownerNode, quoted, replyXml } from './reply.ts';
import type { S3Request } from './request.ts';

type Entry = Output<typeof storage, 'ListObjects'>['items'][number];

/** A number of the query; S3 cuts what is too large and refuses what is none. */
export function readCount(request: S3Request, name: string, most: number): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647)
    throw refuse('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  return Math.min(Number(text), most);
}

export function readEncoding(request: S3Request): 'url' | undefined {
  const type = request.query.get('encoding-type');
  if (type !== undefined && type !== 'url')
    throw refuse('InvalidArgument', 'Invalid Encoding Method specified in Request', { ArgumentName: 'encoding-type', ArgumentValue: type });
  return type === 'url' ? type : undefined;
}

function contents(entry: Entry, write: (name: string) => string, withOwner: boolean): XmlNode {
  const { key, etag, size, lastModified, checksumAlgorithm, checksumType, storageClass, owner } = entry;
  return [
    'Contents',
    [
      ['Key', write(key)],
      ['LastModified', isoTime(lastModified)],
      ['ETag', quoted(etag)],
      checksumAlgorithm && ['ChecksumAlgorithm', checksumAlgorithm],
      checksumType && ['ChecksumType', checksumType],
      ['Size', size],
      withOwner ? ownerNode(owner ?? '') : undefined,
      ['StorageClass', storageClass ?? 'STANDARD'],
    ],
  ];
}

export function commonPrefixes(prefixes: readonly string[], write: (name: string) => string): XmlNode[] {
  return prefixes.map((prefix) => ['CommonPrefixes', [['Prefix', write(prefix)]]]);
}

export const listObjects: Answer = async ({ request, session, id, more }) => {
  const { query, bucket } = request;
  const encoding = readEncoding(request);
  const write = nameWriter(encoding);
  const maxKeys = readCount(request, 'max-keys', listKeysMax);
  const [prefix, delimiter, marker] = [query.get('prefix'), query.get('delimiter'), query.get('marker')];
  const { output } = await session.invoke('ListObjects', bucket, dropUndefined({ prefix, delimiter, marker, maxKeys }), more);
  replyXml(request.response, id, 'ListBucketResult', [
    ['Name', bucket],
    ['Prefix', write(prefix ?? '')],
    ['Marker', write(marker ?? '')],
    // S3 tells the next marker only with a delimiter; without one it is the last key.
    output.nextMarker === undefined || !delimiter ? undefined : ['NextMarker', write(output.nextMarker)],
    ['MaxKeys', maxKeys],
    delimiter ? ['Delimiter', write(delimiter)] : undefined,
    ['IsTruncated', output.truncated],
    encoding && ['EncodingType', encoding],
    ...output.items.map((entry) => contents(entry, write, true)),
    ...commonPrefixes(output.prefixes, write),
  ]);
};

export const listObjectVersions: Answer = async ({ request, session, id, more }) => {
  const { query, bucket } = request;
  const encoding = readEncoding(request);
  const write = nameWriter(encoding);
  const maxKeys = readCount(request, 'max-keys', listKeysMax);
  const [prefix, delimiter, keyMarker] = [query.get('prefix'), query.get('delimiter'), query.get('key-marker')];
  const versionIdMarker = query.get('version-id-marker')?.slice(0, 64) || undefined;
  const input = dropUndefined({ prefix, delimiter, keyMarker, versionIdMarker, maxKeys });
  const { output } = await session.invoke('ListObjectVersions', bucket, input, more);
  replyXml(request.response, id, 'ListVersionsResult', [
    ['Name', bucket],
    ['Prefix', write(prefix ?? '')],
    ['KeyMarker', write(keyMarker ?? '')],
    ['VersionIdMarker', versionIdMarker ?? ''],
    output.nextKeyMarker === undefined ? undefined : ['NextKeyMarker', write(output.nextKeyMarker)],
    output.nextVersionIdMarker === undefined ? undefined : ['NextVersionIdMarker', output.nextVersionIdMarker],
    ['MaxKeys', maxKeys],
    delimiter ? ['Delimiter', write(delimiter)] : undefined,
    ['IsTruncated', output.truncated],
    encoding && ['EncodingType', encoding],
    ...output.items.map((entry): XmlNode => {
      const { key, etag, size, lastModified, versionId, latest, deleteMarker, storageClass, owner, checksumAlgorithm, checksumType } =
        entry;
      const common: XmlNode[] = [
        ['Key', write(key)],
        ['VersionId', versionId],
        ['IsLatest', latest],
        ['LastModified', isoTime(lastModified)],
      ];
      if (deleteMarker) return ['DeleteMarker', [...common, ownerNode(owner ?? '')]];
      return [
        'Version',
        [
          ...common,
          ['ETag', quoted(etag)],
          checksumAlgorithm && ['ChecksumAlgorithm', checksumAlgorithm],
          checksumType && ['ChecksumType', checksumType],
          ['Size', size],
          ownerNode(owner ?? ''),
          ['StorageClass', storageClass ?? 'STANDARD'],
        ],
      ];
    }),
    ...commonPrefixes(output.prefixes, write),
  ]);
};

export const listObjectsV2: Answer = async ({ request, session, id, more }) => {
  const { query, bucket } = request;
  const encoding = readEncoding(request);
  const write = nameWriter(encoding);
  const maxKeys = readCount(request, 'max-keys', listKeysMax);
  const [prefix, delimiter, startAfter, continuationToken] = [
    query.get('prefix'),
    query.get('delimiter'),
    query.get('start-after'),
    query.get('continuation-token'),
  ];
  const withOwner = query.get('fetch-owner') === 'true';
  const { output } = await session.invoke(
    'ListObjectsV2',
    bucket,
    dropUndefined({ prefix, delimiter, startAfter, continuationToken: continuationToken === '' ? undefined : continuationToken, maxKeys }),
    more,
  );
  replyXml(request.response, id, 'ListBucketResult', [
    ['Name', bucket],
    ['Prefix', write(prefix ?? '')],
    continuationToken === undefined ? undefined : ['ContinuationToken', continuationToken],
    output.nextContinuationToken === undefined ? undefined : ['NextContinuationToken', output.nextContinuationToken],
    startAfter === undefined ? undefined : ['StartAfter', write(startAfter)],
    ['KeyCount', output.items.length + output.prefixes.length],
    ['MaxKeys', maxKeys],
    delimiter ? ['Delimiter', write(delimiter)] : undefined,
    ['IsTruncated', output.truncated],
    encoding && ['EncodingType', encoding],
    ...output.items.map((entry) => contents(entry, write, withOwner)),
    ...commonPrefixes(output.prefixes, write),
  ]);
};
