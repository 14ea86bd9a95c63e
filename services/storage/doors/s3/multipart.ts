import { fault } from '#kernel/contract/fault.ts';
import { childrenOf, childText } from '#wire/xml/read.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { listKeysMax, partNumberMax } from '../../contract/limits.ts';
import { dropUndefined, writeConditions } from './condition.ts';
import { checksumHeaders, keptHeaders, sealHeaders } from './entity.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { commonPrefixes, readCount, readEncoding } from './list.ts';
import { checksumNodes, writtenHeaders } from './object.ts';
import { decodeBody, isAlgorithm, readXmlBody } from './payload.ts';
import { isoTime, nameWriter, ownerNode, quoted, replyEmpty, replyXml } from './reply.ts';
import { header, type S3Request } from './request.ts';
import { copySource } from './source.ts';
import { customerKeyHeader, traitHeaders } from './trait.ts';

const types = ['FULL_OBJECT', 'COMPOSITE'] as const;

function readChecksumType(request: S3Request): (typeof types)[number] | undefined {
  const text = header(request, 'x-amz-checksum-type')?.toUpperCase();
  if (text === undefined) return undefined;
  return types.find((type) => type === text) ?? refuseArgument('x-amz-checksum-type', text);
}

function refuseArgument(name: string, value: string): never {
  throw refuse('InvalidArgument', `The value of ${name} is not valid.`, { ArgumentName: name, ArgumentValue: value });
}

function uploadOf(request: S3Request): { key: string; uploadId: string } {
  return { key: request.key, uploadId: (request.query.get('uploadId') ?? '').slice(0, 64) || '-' };
}

function partNumberOf(request: S3Request): number {
  const text = request.query.get('partNumber') ?? '';
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > partNumberMax) {
    throw refuse('InvalidArgument', `Part number must be an integer between 1 and ${partNumberMax}, inclusive`, {
      ArgumentName: 'partNumber',
      ArgumentValue: text,
    });
  }
  return Number(text);
}

export const createMultipartUpload: Answer = async ({ request, session, id, more }) => {
  const algorithm = header(request, 'x-amz-checksum-algorithm')?.toUpperCase();
  if (algorithm !== undefined && !isAlgorithm(algorithm)) throw refuse('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const input = dropUndefined({
    key: request.key,
    ...keptHeaders(request),
    ...traitHeaders(request),
    checksumAlgorithm: algorithm,
    checksumType: readChecksumType(request),
  });
  const { output } = await session.invoke('CreateMultipartUpload', request.bucket, input, more);
  const headers = {
    'x-amz-checksum-algorithm': output.checksumAlgorithm,
    'x-amz-checksum-type': output.checksumType,
    ...sealHeaders(output),
  };
  replyXml(
    request.response,
    id,
    'InitiateMultipartUploadResult',
    [
      ['Bucket', request.bucket],
      ['Key', request.key],
      ['UploadId', output.uploadId],
    ],
    headers,
  );
};

export const uploadPart: Answer = async ({ request, session, identified, id, more }) => {
  const { said, bytes } = decodeBody(request, identified);
  const input = {
    ...uploadOf(request),
    partNumber: partNumberOf(request),
    ...dropUndefined({ ...said, customerKey: customerKeyHeader(request) }),
  };
  const { output } = await session.invoke('UploadPart', request.bucket, input, { ...more, body: bytes });
  const { 'x-amz-checksum-type': _, ...headers } = checksumHeaders(output.checksum);
  replyEmpty(request.response, id, 200, { ETag: quoted(output.etag), ...headers, ...sealHeaders(output) });
};

export const uploadPartCopy: Answer = async (exchange) => {
  const { request, session, id, more } = exchange;
  const range = header(request, 'x-amz-copy-source-range');
  const [, first, last] = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(range ?? '') ?? [];
  if (range !== undefined && first === undefined) refuseArgument('x-amz-copy-source-range', range);
  const input = dropUndefined({
    ...uploadOf(request),
    partNumber: partNumberOf(request),
    ...copySource(exchange),
    customerKey: customerKeyHeader(request),
    first: first === undefined ? undefined : Number(first),
    last: last === undefined ? undefined : Number(last),
  });
  const { output } = await session.invoke('UploadPartCopy', request.bucket, input, more);
  const [checksum] = checksumNodes(output.checksum);
  replyXml(
    request.response,
    id,
    'CopyPartResult',
    [['LastModified', isoTime(output.lastModified)], ['ETag', quoted(output.etag)], checksum],
    { ...sealHeaders(output), 'x-amz-copy-source-version-id': output.sourceVersionId },
  );
};

export const completeMultipartUpload: Answer = async ({ request, session, identified, id, more }) => {
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes, checksumOfObject: true });
  if (xml?.name !== 'CompleteMultipartUpload') throw refuse('MalformedXML');
  const parts = childrenOf(xml, 'Part').map((part) => {
    const number = childText(part, 'PartNumber')?.trim() ?? '';
    const etag = childText(part, 'ETag')
      ?.trim()
      .replace(/^"(.*)"$/, '$1');
    if (!/^\d{1,5}$/.test(number) || etag === undefined || Number(number) < 1 || Number(number) > partNumberMax)
      throw refuse('MalformedXML');
    const checksum = part.children.find(({ name }) => name.startsWith('Checksum'))?.text.trim();
    return dropUndefined({ partNumber: Number(number), etag, checksum });
  });
  if (parts.length === 0 || parts.length > partNumberMax) throw refuse('MalformedXML');
  const size = header(request, 'x-amz-mp-object-size');
  if (size !== undefined && !/^\d{1,16}$/.test(size)) refuseArgument('x-amz-mp-object-size', size);
  const input = dropUndefined({
    ...uploadOf(request),
    ...writeConditions(request),
    parts,
    ...wholeChecksum(request),
    checksumType: readChecksumType(request),
    size: size === undefined ? undefined : Number(size),
    customerKey: customerKeyHeader(request),
  });
  const { output } = await session.invoke('CompleteMultipartUpload', request.bucket, input, more);
  const location = `http://${request.incoming.headers.host ?? ''}${request.rawPath}`;
  replyXml(
    request.response,
    id,
    'CompleteMultipartUploadResult',
    [
      ['Location', location],
      ['Bucket', request.bucket],
      ['Key', request.key],
      ['ETag', quoted(output.etag)],
      ...checksumNodes(output.checksum),
    ],
    writtenHeaders(output),
  );
};

/** A checksum that the caller says the joined object has; it is not one of the XML. */
function wholeChecksum(request: S3Request): {
  checksumAlgorithm?: 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';
  checksum?: string;
} {
  for (const [name, values] of request.headers) {
    const algorithm = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.exec(name)?.[1]?.toUpperCase();
    if (algorithm === undefined || !isAlgorithm(algorithm)) continue;
    const checksum = values[0]?.replace(/-\d+$/, '') ?? '';
    if (checksum.length < 4 || checksum.length > 64) throw fault('BadDigest', `Value for ${name} header is invalid.`);
    return { checksumAlgorithm: algorithm, checksum };
  }
  return {};
}

export const abortMultipartUpload: Answer = async ({ request, session, id, more }) => {
  await session.invoke('AbortMultipartUpload', request.bucket, uploadOf(request), more);
  replyEmpty(request.response, id, 204);
};

export const listParts: Answer = async ({ request, session, id, more }) => {
  const maxParts = readCount(request, 'max-parts', listKeysMax);
  const partNumberMarker = readCount(request, 'part-number-marker', Number.MAX_SAFE_INTEGER);
  const marker = request.query.get('part-number-marker') ? partNumberMarker : 0;
  const place = uploadOf(request);
  const { output } = await session.invoke('ListParts', request.bucket, { ...place, maxParts, partNumberMarker: marker }, more);
  replyXml(request.response, id, 'ListPartsResult', [
    ['Bucket', request.bucket],
    ['Key', request.key],
    ['UploadId', place.uploadId],
    ownerNode(output.initiator, 'Initiator'),
    ownerNode(output.owner),
    ['StorageClass', output.storageClass],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', output.nextPartNumberMarker ?? 0],
    ['MaxParts', maxParts],
    ['IsTruncated', output.truncated],
    output.checksumAlgorithm && ['ChecksumAlgorithm', output.checksumAlgorithm],
    output.checksumType && ['ChecksumType', output.checksumType],
    ...output.items.map(
      ({ partNumber, lastModified, etag, size, checksum }) =>
        [
          'Part',
          [
            ['PartNumber', partNumber],
            ['LastModified', isoTime(lastModified)],
            ['ETag', quoted(etag)],
            ['Size', size],
            checksumNodes(checksum)[0],
          ],
        ] as const,
    ),
  ]);
};

export const listMultipartUploads: Answer = async ({ request, session, id, more }) => {
  const { query, bucket } = request;
  const encoding = readEncoding(request);
  const write = nameWriter(encoding);
  const maxUploads = readCount(request, 'max-uploads', listKeysMax);
  const [prefix, delimiter, keyMarker, uploadIdMarker] = [
    query.get('prefix'),
    query.get('delimiter'),
    query.get('key-marker'),
    query.get('upload-id-marker'),
  ];
  const { output } = await session.invoke(
    'ListMultipartUploads',
    bucket,
    dropUndefined({ prefix, delimiter, keyMarker, uploadIdMarker: uploadIdMarker === '' ? undefined : uploadIdMarker, maxUploads }),
    more,
  );
  replyXml(request.response, id, 'ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ['KeyMarker', write(keyMarker ?? '')],
    ['UploadIdMarker', uploadIdMarker ?? ''],
    ['NextKeyMarker', write(output.nextKeyMarker ?? '')],
    ['NextUploadIdMarker', output.nextUploadIdMarker ?? ''],
    delimiter ? ['Delimiter', write(delimiter)] : undefined,
    ['Prefix', write(prefix ?? '')],
    encoding && ['EncodingType', encoding],
    ['MaxUploads', maxUploads],
    ['IsTruncated', output.truncated],
    ...output.items.map(
      ({ key, uploadId, initiated, owner, initiator, storageClass, checksumAlgorithm, checksumType }): XmlNode => [
        'Upload',
        [
          ['Key', write(key)],
          ['UploadId', uploadId],
          ownerNode(initiator, 'Initiator'),
          ownerNode(owner),
          ['StorageClass', storageClass],
          ['Initiated', isoTime(initiated)],
          checksumAlgorithm && ['ChecksumAlgorithm', checksumAlgorithm],
          checksumType && ['ChecksumType', checksumType],
        ],
      ],
    ),
    ...commonPrefixes(output.prefixes, write),
  ]);
};
