import type { Output } from '#kernel/contract/contract.ts';
import { childrenOf, childText } from '#wire/xml/read.ts';
import { deleteKeysMax } from '../../contract/limits.ts';
import { readRange } from '../../domain/range.ts';
import type { storage } from '../../service.ts';
import { dropUndefined, readConditions, readTags, writeConditions } from './condition.ts';
import { checksumHeaders, keptHeaders, objectHeaders, overrideHeaders } from './entity.ts';
import { refuse } from './errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { xmlBodyMaxBytes } from './limits.ts';
import { decodeBody, isAlgorithm, readXmlBody } from './payload.ts';
import { type Headers, httpDate, isoTime, quoted, replyEmpty, replyXml, sendBytes, writeHead } from './reply.ts';
import { header, type S3Request } from './request.ts';
import { copySource } from './source.ts';

type Head = Output<typeof storage, 'HeadObject'>;

export const putObject: Answer = async (exchange) => {
  const { request, session, identified, id, signal } = exchange;
  const { said, bytes } = decodeBody(request, identified);
  const input = { key: request.key, ...keptHeaders(request), ...writeConditions(request), ...dropUndefined(said) };
  const { output } = await session.invoke('PutObject', request.bucket, input, { body: bytes, signal });
  replyEmpty(request.response, id, 200, { ETag: quoted(output.etag), ...checksumHeaders(output.checksum) });
};

export const getObject: Answer = async (exchange) => {
  const { request, session, id, signal } = exchange;
  const { output, body } = await session.invoke('GetObject', request.bucket, readInput(request), { signal });
  if (output.notModified || !body) return replyEmpty(request.response, id, 304, notModifiedHeaders(output));
  const { status, headers } = readHeaders(request, output);
  writeHead(request.response, id, status, { ...headers, ...overrideHeaders(request) });
  await sendBytes(request.response, body);
};

export const headObject: Answer = async ({ request, session, id, signal }) => {
  const { output } = await session.invoke('HeadObject', request.bucket, readInput(request), { signal });
  if (output.notModified) return replyEmpty(request.response, id, 304, notModifiedHeaders(output));
  const { status, headers } = readHeaders(request, output);
  writeHead(request.response, id, status, { ...headers, ...overrideHeaders(request) });
  request.response.end();
};

function readInput(request: S3Request) {
  const range = readRange(header(request, 'range') ?? '');
  const part = request.query.get('partNumber');
  if (part !== undefined && !/^[1-9]\d{0,4}$/.test(part))
    throw refuse('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      ArgumentName: 'partNumber',
      ArgumentValue: part,
    });
  return {
    key: request.key,
    ...dropUndefined({ range, partNumber: part === undefined ? undefined : Number(part) }),
    ...readConditions(request),
  };
}

const notModifiedHeaders = (head: Head): Headers => ({ ETag: quoted(head.etag), 'Last-Modified': httpDate(head.lastModified) });

/** The status and headers of a read: 206 with its place in the whole when part of the object was asked for. */
function readHeaders(request: S3Request, head: Head): { status: number; headers: Headers } {
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
      ...(header(request, 'x-amz-checksum-mode') === 'ENABLED' && !partial ? checksumHeaders(head.checksum) : {}),
    },
  };
}

export const deleteObject: Answer = async ({ request, session, id, signal }) => {
  const ifMatch = readTags(header(request, 'if-match'));
  await session.invoke('DeleteObject', request.bucket, dropUndefined({ key: request.key, ifMatch }), { signal });
  replyEmpty(request.response, id, 204);
};

export const deleteObjects: Answer = async ({ request, session, identified, id, signal }) => {
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
    const version = childText(object, 'VersionId');
    if (version !== undefined && version !== '' && version !== 'null') throw refuse('NotImplemented', 'Objects have no versions here.');
    return dropUndefined({ key: childText(object, 'Key') ?? '', etag: childText(object, 'ETag')?.replace(/^"(.*)"$/, '$1') });
  });
  if (objects.length === 0 || objects.length > deleteKeysMax || objects.some(({ key }) => key === '')) throw refuse('MalformedXML');
  const quiet = childText(xml, 'Quiet')?.trim().toLowerCase() === 'true';
  const { output } = await session.invoke('DeleteObjects', request.bucket, { objects }, { signal });
  replyXml(request.response, id, 'DeleteResult', [
    ...(quiet ? [] : output.deleted.map(({ key }) => ['Deleted', [['Key', key]]] as const)),
    ...output.failed.map(
      ({ key, code, text }) =>
        [
          'Error',
          [
            ['Key', key],
            ['Code', code],
            ['Message', text],
          ],
        ] as const,
    ),
  ]);
};

export const copyObject: Answer = async ({ request, session, id, signal }: Exchange) => {
  const directive = header(request, 'x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw refuse('InvalidArgument', 'Unknown metadata directive.', { ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive });
  const algorithm = header(request, 'x-amz-checksum-algorithm')?.toUpperCase();
  if (algorithm !== undefined && !isAlgorithm(algorithm)) throw refuse('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const replace = directive === 'REPLACE';
  const input = dropUndefined({
    key: request.key,
    ...copySource(request),
    ...(replace ? keptHeaders(request) : {}),
    ...writeConditions(request),
    replaceMetadata: replace || undefined,
    checksumAlgorithm: algorithm,
  });
  const { output } = await session.invoke('CopyObject', request.bucket, input, { signal });
  replyXml(request.response, id, 'CopyObjectResult', [
    ['LastModified', isoTime(output.lastModified)],
    ['ETag', quoted(output.etag)],
    ...checksumNodes(output.checksum),
  ]);
};

/** A stored checksum as elements. */
export function checksumNodes(checksum: Head['checksum']): (readonly [string, string])[] {
  return checksum
    ? [
        [`Checksum${checksum.algorithm}`, checksum.value],
        ['ChecksumType', checksum.type],
      ]
    : [];
}
