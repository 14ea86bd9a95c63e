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

function contents(entry: Entry, write: (name: string) => string, owner: string | undefined): XmlNode {
  const { key, etag, size, lastModified, checksumAlgorithm, checksumType } = entry;
  return [
    'Contents',
    [
      ['Key', write(key)],
      ['LastModified', isoTime(lastModified)],
      ['ETag', quoted(etag)],
      checksumAlgorithm && ['ChecksumAlgorithm', checksumAlgorithm],
      checksumType && ['ChecksumType', checksumType],
      ['Size', size],
      owner === undefined ? undefined : ownerNode(owner),
      ['StorageClass', 'STANDARD'],
    ],
  ];
}

export function commonPrefixes(prefixes: readonly string[], write: (name: string) => string): XmlNode[] {
  return prefixes.map((prefix) => ['CommonPrefixes', [['Prefix', write(prefix)]]]);
}

export const listObjects: Answer = async ({ request, session, id, owner, signal }) => {
  const { query, bucket } = request;
  const encoding = readEncoding(request);
  const write = nameWriter(encoding);
  const maxKeys = readCount(request, 'max-keys', listKeysMax);
  const [prefix, delimiter, marker] = [query.get('prefix'), query.get('delimiter'), query.get('marker')];
  const { output } = await session.invoke('ListObjects', bucket, dropUndefined({ prefix, delimiter, marker, maxKeys }), { signal });
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
    ...output.items.map((entry) => contents(entry, write, owner)),
    ...commonPrefixes(output.prefixes, write),
  ]);
};

export const listObjectsV2: Answer = async ({ request, session, id, owner, signal }) => {
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
  if (continuationToken === '')
    throw refuse('InvalidArgument', 'The continuation token provided is incorrect', { ArgumentName: 'continuation-token' });
  const withOwner = query.get('fetch-owner') === 'true' ? owner : undefined;
  const { output } = await session.invoke(
    'ListObjectsV2',
    bucket,
    dropUndefined({ prefix, delimiter, startAfter, continuationToken, maxKeys }),
    { signal },
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
