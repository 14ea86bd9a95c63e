import { hash } from 'node:crypto';
import { queryParametersMax } from './limits.ts';

/** A request as its bytes came: names of headers in lower case, values as Latin-1 strings of their bytes, in order. */
export type RawRequest = {
  readonly method: string;
  /** The path before '?', as sent. */
  readonly rawPath: string;
  /** The query behind '?', as sent, without it. */
  readonly rawQuery: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
};

/** One query parameter: both sides encoded once, as the canonical request has them. */
export type Parameter = readonly [name: string, value: string];

const unreserved = buildUnreserved();
const hexOf = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);

function buildUnreserved(): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~') table[character.charCodeAt(0)] = 1;
  return table;
}

/** Percent-encodes the UTF-8 of a text: all but letters, digits and -._~ ; with `keepSlash`, also all but '/'. */
export function encode(text: string, keepSlash = false): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8'))
    out += unreserved[byte] || (keepSlash && byte === 0x2f) ? String.fromCharCode(byte) : hexOf[byte];
  return out;
}

/**
 * Brings what was sent to the one encoding that is signed: escapes that were not needed are undone, those that were
 * are added, digits become upper case. Nothing is encoded twice and no path is normalised. Undefined: a broken escape.
 */
export function canonicalEscapes(sent: string, plusIsSpace: boolean, keep: string): string | undefined {
  if (/^[A-Za-z0-9\-._~/]*$/.test(sent) && (keep === '/' || !sent.includes('/'))) return sent;
  let out = '';
  const bytes = Buffer.from(sent, 'latin1');
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at]!;
    const literal = byte !== 0x25;
    if (!literal) {
      const digits = sent.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return undefined;
      byte = Number.parseInt(digits, 16);
      at += 2;
    } else if (plusIsSpace && byte === 0x2b) byte = 0x20;
    const character = String.fromCharCode(byte);
    out += unreserved[byte] || (literal && character === keep) ? character : hexOf[byte];
  }
  return out;
}

/** Undoes percent-encoding; undefined when an escape is broken or the bytes are not UTF-8. */
export function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The parameters of a query, each encoded once, in the order sent. Undefined: a broken escape or too many. */
export function readQuery(rawQuery: string): Parameter[] | undefined {
  const found: Parameter[] = [];
  if (rawQuery === '') return found;
  const pieces = rawQuery.split('&', queryParametersMax + 1);
  if (pieces.length > queryParametersMax) return undefined;
  for (const piece of pieces) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = canonicalEscapes(equals < 0 ? piece : piece.slice(0, equals), true, '');
    const value = canonicalEscapes(equals < 0 ? '' : piece.slice(equals + 1), true, '');
    if (name === undefined || value === undefined) return undefined;
    found.push([name, value]);
  }
  return found;
}

/** Sorted by the bytes of the encoded name, then of the encoded value; both are ASCII. */
export function canonicalQuery(parameters: readonly Parameter[]): string {
  const sorted = parameters.toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return sorted.map(([name, value]) => `${name}=${value}`).join('&');
}

/** A header's values: trimmed, runs of white space folded to one, several joined by a comma. */
export function canonicalHeader(values: readonly string[]): string {
  return values.map((value) => value.trim().replace(/[ \t]+/g, ' ')).join(',');
}

/** The canonical request, as a Latin-1 string of the bytes that are hashed. */
export function canonicalRequest(
  request: RawRequest,
  path: string,
  parameters: readonly Parameter[],
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers.get(name) ?? [])}\n`).join('');
  return `${request.method}\n${path}\n${canonicalQuery(parameters)}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`;
}

/** What is signed: the algorithm, the time, the scope and the hash of the canonical request. */
export function stringToSign(timestamp: string, scope: string, canonical: string): string {
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')}`;
}

/** Headers by lower-case name out of Node's flat list of names and values. */
export function headerMap(rawHeaders: readonly string[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    const values = map.get(name);
    if (values) values.push(rawHeaders[at + 1]!);
    else map.set(name, [rawHeaders[at + 1]!]);
  }
  return map;
}
