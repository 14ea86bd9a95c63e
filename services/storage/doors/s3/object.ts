import type { Output } from '#kernel/contract/contract.ts';
import { childrenOf, childText } from '#wire/xml/read.ts';
import type { XmlNode } from '#wire/xml/write.ts';
import { deleteKeysMax, listKeysMax } from '../../contract/limits.ts';
import { readRange } from '../../domain/range.ts';
import type { storage } from '../../service.ts';
import { dropUndefined, readConditions, readTags, writeConditions } from './condition.ts';
import { bypassHeader, versionInput } from './access.ts';
import { checksumHeaders, expirationHeader, keptHeaders, objectHeaders, overrideHeaders, sealHeaders } from './entity.ts';
import { codeOf, refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { decodeBody, isAlgorithm, readXmlBody } from './payload.ts';
import { type Headers, httpDate, isoTime, quoted, replyEmpty, replyXml, sendBytes, writeHead } from './reply.ts';
import { header, type S3Request } from './request.ts';
import { copySource } from './source.ts';
import { customerKeyHeader, traitHeaders } from './trait.ts';

type Head = Output<typeof storage, 'HeadObject'>;

export const putObject: Answer = async (exchange) => {
  const { request, session, identified, id, more } = exchange;
  const { said, bytes } = decodeBody(request, identified);
  const input = {
    key: request.key,
    ...keptHeaders(request),
    ...traitHeaders(request),
    ...writeConditions(request),
    ...dropUndefined({ ...said, writeOffsetBytes: offsetHeader(request) }),
  };
  const { output } = await session.invoke('PutObject', request.bucket, input, { ...more, body: bytes });
  const size = input.writeOffsetBytes === undefined ? {} : { 'x-amz-object-size': output.size };
  const headers = { ETag: quoted(output.etag), ...writtenHeaders(output), ...checksumHeaders(output.checksum), ...size };
  replyEmpty(request.response, id, 200, headers);
};

/** Where an append begins. */
function offsetHeader(request: S3Request): number | undefined {
  const offset = header(request, 'x-amz-write-offset-bytes');
  if (offset === undefined) return undefined;
  if (!/^\d{1,15}$/.test(offset)) throw refuse('InvalidArgument', 'The write offset is not a number of bytes.');
  return Number(offset);
}

/** What a write tells besides the entity tag and the checksum. */
export function writtenHeaders(output: Output<typeof storage, 'PutObject'>): Headers {
  return { 'x-amz-version-id': output.versionId, ...sealHeaders(output), ...expirationHeader(output) };
}

export const getObject: Answer = async (exchange) => {
  const { request, session, id, more } = exchange;
  const { output, body } = await session.invoke('GetObject', request.bucket, readInput(request), more);
  if (output.notModified || !body) return replyEmpty(request.response, id, 304, notModifiedHeaders(output));
  const { status, headers } = readHeaders(request, output);
  writeHead(request.response, id, status, { ...headers, ...overrideHeaders(request) });
  await sendBytes(request.response, body);
};

export const headObject: Answer = async ({ request, session, id, more }) => {
  const { output } = await session.invoke('HeadObject', request.bucket, readInput(request), more);
  if (output.notModified) return replyEmpty(request.response, id, 304, notModifiedHeaders(output));
  const { status, headers } = readHeaders(request, output);
  writeHead(request.response, id, status, { ...headers, ...overrideHeaders(request) });
  request.response.end();
};

/** What a read's query and headers ask for. */
export function readInput(request: S3Request) {
  if (header(request, 'x-amz-server-side-encryption') !== undefined)
    throw refuse('InvalidArgument', 'x-amz-server-side-encryption header is not supported for this operation.');
  const range = readRange(header(request, 'range') ?? '');
  const part = request.query.get('partNumber');
  if (part !== undefined && !/^[1-9]\d{0,4}$/.test(part))
    throw refuse('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      ArgumentName: 'partNumber',
      ArgumentValue: part,
    });
  return {
    ...versionInput(request),
    ...dropUndefined({ range, partNumber: part === undefined ? undefined : Number(part), customerKey: customerKeyHeader(request) }),
    ...readConditions(request),
  };
}

const notModifiedHeaders = (head: Head): Headers => ({ ETag: quoted(head.etag), 'Last-Modified': httpDate(head.lastModified) });

/** The status and headers of a read: 206 with its place in the whole when part of the object was asked for. */
export function readHeaders(request: S3Request, head: Head): { status: number; headers: Headers } {
  const { range, size } = head;
  const length = range ? range.last - range.first + 1 : size;
  const partial = range !== undefined || request.query.has('partNumber');
  return {
    status: partial ? 206 : 200,
    headers: {
      ...objectHeaders(head),
      'Content-Length': length,
      ...(range ? { 'Content-Range': `bytes ${range.first}-${range.last}/${size}` } : {}),
      ...(request.query.has('partNumber') && head.partsCount !== undefined ? { 'x-amz-mp-parts-count': head.partsCount } : {}),
      ...(header(request, 'x-amz-checksum-mode') === 'ENABLED' ? checksumOf(request, head) : {}),
    },
  };
}

/** The checksum of what is sent: of the object, or of the part asked for; of a range there is none. */
function checksumOf(request: S3Request, head: Head): Headers {
  const { checksum, partChecksum } = head;
  if (!request.query.has('partNumber')) return head.range ? {} : checksumHeaders(checksum);
  return checksum && partChecksum !== undefined ? checksumHeaders({ ...checksum, value: partChecksum }) : {};
}

export const deleteObject: Answer = async ({ request, session, id, more }) => {
  const ifMatch = readTags(header(request, 'if-match'));
  const size = header(request, 'x-amz-if-match-size');
  const modified = header(request, 'x-amz-if-match-last-modified-time');
  const input = dropUndefined({
    ...versionInput(request),
    ...bypassHeader(request),
    ifMatch,
    size: size === undefined ? undefined : readNumber(size),
    lastModified: modified === undefined ? undefined : readInstant(modified),
  });
  const { output } = await session.invoke('DeleteObject', request.bucket, input, more);
  replyEmpty(request.response, id, 204, {
    'x-amz-version-id': output.versionId,
    'x-amz-delete-marker': output.deleteMarker ? 'true' : undefined,
  });
};

function readNumber(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw refuse('InvalidArgument', 'A size is not a number.');
  return Number(text);
}

function readInstant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || at < 0) throw refuse('InvalidArgument', 'A time cannot be read.');
  return at;
}

export const deleteObjects: Answer = async ({ request, session, identified, id, more }) => {
  if (
    identified.form.kind !== 'hash' &&
    !request.headers.has('content-md5') &&
    ![...request.headers.keys()].some((name) => name.startsWith('x-amz-checksum-') || name === 'x-amz-trailer')
  ) {
    throw refuse('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const xml = await readXmlBody(request, identified, { maxBytes: xmlBodyMaxBytes });
  if (xml?.name !== 'Delete') throw refuse('MalformedXML');
  const objects = childrenOf(xml, 'Object').map((object) => {
    const [size, modified] = [childText(object, 'Size'), childText(object, 'LastModifiedTime')];
    return dropUndefined({
      key: childText(object, 'Key') ?? '',
      versionId: childText(object, 'VersionId')?.trim().slice(0, 64) || undefined,
      etag: childText(object, 'ETag')?.replace(/^"(.*)"$/, '$1'),
      size: size === undefined ? undefined : readNumber(size.trim()),
      lastModified: modified === undefined ? undefined : readInstant(modified.trim()),
    });
  });
  if (objects.length === 0 || objects.length > deleteKeysMax || objects.some(({ key }) => key === '')) throw refuse('MalformedXML');
  const quiet = childText(xml, 'Quiet')?.trim().toLowerCase() === 'true';
  const { output } = await session.invoke('DeleteObjects', request.bucket, { objects, ...bypassHeader(request) }, more);
  const { deleted, failed } = output;
  replyXml(request.response, id, 'DeleteResult', [...(quiet ? [] : deleted.map(deletedNode)), ...failed.map(failedNode)]);
};

type Deletion = Output<typeof storage, 'DeleteObjects'>;

function deletedNode({ key, versionId, deleteMarker, deleteMarkerVersionId }: Deletion['deleted'][number]): XmlNode {
  return [
    'Deleted',
    [
      ['Key', key],
      versionId === undefined ? undefined : ['VersionId', versionId],
      deleteMarker ? ['DeleteMarker', true] : undefined,
      deleteMarkerVersionId === undefined ? undefined : ['DeleteMarkerVersionId', deleteMarkerVersionId],
    ],
  ];
}

function failedNode({ key, versionId, code, text }: Deletion['failed'][number]): XmlNode {
  return [
    'Error',
    [['Key', key], versionId === undefined ? undefined : ['VersionId', versionId], ['Code', codeOf(code)], ['Message', text]],
  ];
}

export const copyObject: Answer = async (exchange) => {
  const { request, session, id, more } = exchange;
  const directive = header(request, 'x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw refuse('InvalidArgument', 'Unknown metadata directive.', { ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive });
  const algorithm = header(request, 'x-amz-checksum-algorithm')?.toUpperCase();
  if (algorithm !== undefined && !isAlgorithm(algorithm)) throw refuse('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const replace = directive === 'REPLACE';
  const tagging = header(request, 'x-amz-tagging-directive') ?? 'COPY';
  if (tagging !== 'COPY' && tagging !== 'REPLACE')
    throw refuse('InvalidArgument', 'Unknown tagging directive.', { ArgumentName: 'x-amz-tagging-directive', ArgumentValue: tagging });
  const { tags, ...traits } = traitHeaders(request);
  const input = dropUndefined({
    key: request.key,
    ...copySource(exchange),
    ...(replace ? keptHeaders(request) : {}),
    ...traits,
    ...(tagging === 'REPLACE' ? { replaceTags: true, tags } : {}),
    ...writeConditions(request),
    replaceMetadata: replace || undefined,
    checksumAlgorithm: algorithm,
  });
  const { output } = await session.invoke('CopyObject', request.bucket, input, more);
  replyXml(
    request.response,
    id,
    'CopyObjectResult',
    [['LastModified', isoTime(output.lastModified)], ['ETag', quoted(output.etag)], ...checksumNodes(output.checksum)],
    { ...writtenHeaders(output), 'x-amz-copy-source-version-id': output.sourceVersionId },
  );
};

const attributes = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;

export const getObjectAttributes: Answer = async ({ request, session, id, more }) => {
  const asked = (request.headers.get('x-amz-object-attributes') ?? []).flatMap((text) => text.split(',').map((one) => one.trim()));
  if (asked.length === 0 || asked.some((one) => !attributes.some((known) => known === one)))
    throw refuse('InvalidArgument', 'Invalid attribute name specified.');
  const [maxParts, marker] = [header(request, 'x-amz-max-parts'), header(request, 'x-amz-part-number-marker')];
  const input = dropUndefined({
    ...versionInput(request),
    maxParts: maxParts === undefined ? undefined : Math.min(readNumber(maxParts), listKeysMax),
    partNumberMarker: marker === undefined ? undefined : readNumber(marker),
    customerKey: customerKeyHeader(request),
  });
  const { output } = await session.invoke('GetObjectAttributes', request.bucket, input, more);
  const wants = (name: (typeof attributes)[number]) => asked.includes(name);
  const headers = { 'Last-Modified': httpDate(output.lastModified), 'x-amz-version-id': output.versionId };
  replyXml(
    request.response,
    id,
    'GetObjectAttributesResponse',
    [
      wants('ETag') ? ['ETag', output.etag] : undefined,
      wants('Checksum') && output.checksum ? ['Checksum', checksumNodes(output.checksum)] : undefined,
      wants('ObjectParts') && output.parts ? ['ObjectParts', partNodes(output.parts, maxParts, output.checksum)] : undefined,
      wants('StorageClass') ? ['StorageClass', output.storageClass ?? 'STANDARD'] : undefined,
      wants('ObjectSize') ? ['ObjectSize', output.size] : undefined,
    ],
    headers,
  );
};

type Parts = NonNullable<Output<typeof storage, 'GetObjectAttributes'>['parts']>;

function partNodes({ total, marker, next, truncated, items }: Parts, maxParts: string | undefined, checksum: Head['checksum']): XmlNode[] {
  return [
    ['PartsCount', total],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', next ?? 0],
    ['MaxParts', maxParts === undefined ? listKeysMax : Number(maxParts)],
    ['IsTruncated', truncated],
    ...items.map(
      ({ partNumber, size, checksum: value }): XmlNode => [
        'Part',
        [
          ['PartNumber', partNumber],
          ['Size', size],
          value === undefined || !checksum ? undefined : [`Checksum${checksum.algorithm}`, value],
        ],
      ],
    ),
  ];
}

/** A stored checksum as elements. */
export function checksumNodes(checksum: Head['checksum']): (readonly [string, string])[] {
  return checksum
    ? [
        [`Checksum${checksum.algorithm}`, checksum.value],
        ['ChecksumType', checksum.type],
      ]
    : [];
}
