import { createHash } from 'node:crypto';
import { useOnce } from '#engine/http1/chunk.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { ChunkedDecoder } from '#wire/aws-chunked/decoder.ts';
import { type ChecksumAlgorithm, startChecksum } from '#wire/checksum/checksum.ts';
import { readXml, type XmlElement } from '#wire/xml/read.ts';
import { putMaxBytes } from '../../contract/limits.ts';
import type { Identified } from './authenticate.ts';
import { refuse } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** What is said of the bytes of the body, in the contract's words. */
export type Said = { size?: number; md5?: string; sha256?: string; checksumAlgorithm?: ChecksumAlgorithm; checksum?: string };

/** The body as the object's own bytes, and what was said of them before they came. */
export type Payload = { readonly said: Said; readonly bytes: Bytes };

const algorithmOf: Readonly<Record<string, ChecksumAlgorithm>> = {
  'x-amz-checksum-crc32': 'CRC32',
  'x-amz-checksum-crc32c': 'CRC32C',
  'x-amz-checksum-crc64nvme': 'CRC64NVME',
  'x-amz-checksum-sha1': 'SHA1',
  'x-amz-checksum-sha256': 'SHA256',
};

export function isAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.values(algorithmOf).includes(name as ChecksumAlgorithm);
}

/** Decodes the body: as it is, or out of signed or unsigned chunks, a checksum in its trailer verified. */
export function decodeBody(request: S3Request, { form, proof }: Identified): Payload {
  const said: Said = { ...saidChecksum(request) };
  const md5 = header(request, 'content-md5');
  if (md5 !== undefined) said.md5 = md5;
  if (form.kind === 'hash') said.sha256 = form.sha256;
  const declared = header(request, form.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length');
  const isOpen = declared === undefined && form.kind !== 'chunked' && request.headers.has('transfer-encoding');
  if (!isOpen && !/^\d{1,16}$/.test(declared ?? '')) throw refuse('MissingContentLength');
  if (!isOpen) said.size = Number(declared);
  if ((said.size ?? 0) > putMaxBytes) throw fault('EntityTooLarge', `At most ${putMaxBytes} bytes may be sent in one request.`);
  const raw = received(request);
  if (form.kind !== 'chunked') return { said, bytes: raw };
  const trailing = announcedTrailer(request, form.trailer);
  if (trailing) said.checksumAlgorithm = trailing.algorithm;
  return { said, bytes: unchunk(raw, new ChunkedDecoder({ trailer: form.trailer, ...(form.signed && proof ? { proof } : {}) }), trailing) };
}

/** A checksum in a header, or the algorithm alone, for which one is then kept. */
export function saidChecksum(request: S3Request): Said {
  const given = Object.keys(algorithmOf).filter((name) => request.headers.has(name));
  if (given.length > 1)
    throw refuse('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.');
  const [name] = given;
  const algorithm = header(request, 'x-amz-sdk-checksum-algorithm')?.toUpperCase();
  if (name === undefined) return algorithm !== undefined && isAlgorithm(algorithm) ? { checksumAlgorithm: algorithm } : {};
  if (algorithm !== undefined && algorithm !== algorithmOf[name])
    throw refuse('InvalidRequest', 'The x-amz-sdk-checksum-algorithm header is not that of the checksum given.');
  const checksum = header(request, name) ?? '';
  // What is no digest of any algorithm differs from every one.
  if (checksum.length < 4 || checksum.length > 64) throw fault('BadDigest', `Value for ${name} header is invalid.`);
  return { checksumAlgorithm: algorithmOf[name], checksum };
}

type Trailing = { readonly name: string; readonly algorithm: ChecksumAlgorithm };

function announcedTrailer(request: S3Request, allowed: boolean): Trailing | undefined {
  const name = header(request, 'x-amz-trailer')?.trim().toLowerCase();
  if (name === undefined) return undefined;
  const algorithm = Object.hasOwn(algorithmOf, name) ? algorithmOf[name] : undefined;
  if (!allowed || algorithm === undefined)
    throw refuse('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported.');
  return { name, algorithm };
}

async function* unchunk(raw: Bytes, decoder: ChunkedDecoder, trailing: Trailing | undefined): Bytes {
  const running = trailing && startChecksum(trailing.algorithm);
  for await (const piece of raw) {
    for (const bytes of decoder.push(piece)) {
      running?.update(bytes);
      yield bytes;
    }
  }
  decoder.end();
  if (!trailing) return;
  const told = decoder.trailers.get(trailing.name);
  if (told === undefined) throw refuse('MalformedTrailerError');
  if (told !== running?.digest().toString('base64'))
    throw fault('BadDigest', `The ${trailing.algorithm} you specified did not match the calculated checksum.`);
}

/** The bytes of the request as they come, whatever form they have. */
export function rawBody(request: S3Request): Bytes {
  return received(request);
}

/** The bytes of the request as they come. Whoever waits to be told so is asked for them now, the signature being accepted. */
async function* received({ incoming, response }: S3Request): Bytes {
  if (/100-continue/i.test(incoming.headers.expect ?? '')) response.writeContinue();
  // Leaving early must not tear the connection down: the refusal still has to be told.
  for await (const bytes of incoming.iterator({ destroyOnReturn: false })) yield useOnce(bytes as Uint8Array);
}

export type XmlRules = {
  readonly maxBytes: number;
  /** A checksum among the headers is that of the object to be and not of the XML. */
  readonly checksumOfObject?: true;
};

/** Reads a body of XML whole, its digests checked; undefined when there is none. */
export async function readXmlBody(
  request: S3Request,
  identified: Identified,
  { maxBytes, checksumOfObject }: XmlRules,
): Promise<XmlElement | undefined> {
  if (!request.headers.has('content-length') && !request.headers.has('transfer-encoding')) return undefined;
  const whole = await readBody(request, identified, maxBytes, checksumOfObject);
  return whole.length === 0 ? undefined : readXml(whole, { bytes: maxBytes });
}

/** Reads a body whole, its digests checked. */
export async function readBody(request: S3Request, identified: Identified, maxBytes: number, checksumOfObject = false): Promise<Buffer> {
  const { said, bytes } = decodeBody(request, identified);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > maxBytes) throw refuse('MalformedXML', `The XML is longer than ${maxBytes} bytes.`);
    pieces.push(piece);
  }
  const whole = Buffer.concat(pieces);
  checkWhole(whole, checksumOfObject ? { ...said, checksum: undefined } : said);
  return whole;
}

function checkWhole(whole: Buffer, { size, md5, sha256, checksumAlgorithm, checksum }: Said): void {
  if (size !== undefined && size !== whole.length) throw fault('IncompleteBody');
  if (sha256 !== undefined && createHash('sha256').update(whole).digest('hex') !== sha256) throw fault('XAmzContentSHA256Mismatch');
  if (md5 !== undefined && createHash('md5').update(whole).digest('base64') !== md5)
    throw fault(/^[A-Za-z0-9+/]{22}==$/.test(md5) ? 'BadDigest' : 'InvalidDigest');
  if (checksumAlgorithm === undefined || checksum === undefined) return;
  const running = startChecksum(checksumAlgorithm);
  running.update(whole);
  if (running.digest().toString('base64') !== checksum)
    throw fault('BadDigest', `The ${checksumAlgorithm} you specified did not match the calculated checksum.`);
}
