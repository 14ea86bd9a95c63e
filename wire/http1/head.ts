import { Http1Violation } from './violation.ts';

/** How the bytes after a head are framed (RFC 9112 6.3): so many bytes, chunks, or none. */
export type Framing = number | 'chunked';

/** The head of a request. `fields` has names and values in turn, as they came, in Latin-1. */
export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly version: '1.1' | '1.0';
  readonly fields: readonly string[];
  readonly framing: Framing;
  /** Whether the client wants to go on with the connection afterwards. */
  readonly keepAlive: boolean;
  /** Whether it waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
};

const refuse = (detail: string): never => {
  throw new Http1Violation('syntax', detail);
};

/** RFC 9110 5.6.2. */
const token = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));
/** RFC 9110 5.5: visible, space, tab and the bytes above ASCII. */
const valueByte = table((code) => code === 9 || (code >= 32 && code !== 127));
/** RFC 9112 3.2, and the bytes above ASCII that clients send unescaped. */
const targetByte = table((code) => code > 32 && code !== 127);

function table(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0));
}

function all(text: string, from: number, to: number, bytes: Uint8Array): boolean {
  for (let at = from; at < to; at += 1) if (bytes[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Reads a whole head: Latin-1 text up to and without the empty line that ends it, lines ended by CR LF alone. */
export function readHead(text: string): RequestHead {
  const first = text.indexOf('\r\n');
  const line = first < 0 ? text : text.slice(0, first);
  const [method, target, version] = requestLine(line);
  const fields = first < 0 ? [] : fieldLines(text, first + 2);
  return { method, target, version, fields, ...meaning(method, version, fields) };
}

function requestLine(line: string): [method: string, target: string, version: '1.1' | '1.0'] {
  const space = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  if (space <= 0 || last === space || !all(line, 0, space, token)) return refuse('The request line is malformed.');
  if (last === space + 1 || !all(line, space + 1, last, targetByte)) return refuse('The request target is malformed.');
  const version = line.slice(last + 1);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return refuse('The version is neither HTTP/1.1 nor HTTP/1.0.');
  return [line.slice(0, space), line.slice(space + 1, last), version === 'HTTP/1.1' ? '1.1' : '1.0'];
}

/** Names and values in turn. A line that begins with a space (RFC 9112 5.2) has no name, and is refused so. */
export function fieldLines(text: string, from: number): string[] {
  const fields: string[] = [];
  for (let start = from; start < text.length; ) {
    const found = text.indexOf('\r\n', start);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', start);
    if (colon <= start || colon > end || !all(text, start, colon, token)) return refuse('A header field has no proper name.');
    let [left, right] = [colon + 1, end];
    while (left < right && isBlank(text.charCodeAt(left))) left += 1;
    while (right > left && isBlank(text.charCodeAt(right - 1))) right -= 1;
    if (!all(text, left, right, valueByte)) return refuse('A header field holds a control character.');
    fields.push(text.slice(start, colon), text.slice(left, right));
    start = end + 2;
  }
  return fields;
}

const isBlank = (code: number) => code === 32 || code === 9;

/** What the fields that belong to HTTP itself say. */
function meaning(
  method: string,
  version: string,
  fields: readonly string[],
): Pick<RequestHead, 'framing' | 'keepAlive' | 'expectsContinue'> {
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  let expectsContinue = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (name.length === 6) expectsContinue ||= name.toLowerCase() === 'expect' && value.toLowerCase() === '100-continue';
    else if (name.length === 10 && name.toLowerCase() === 'connection') connection += `,${value.toLowerCase()}`;
    else if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) refuse('Content-Length is given twice.');
      length = value;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (coding !== undefined) refuse('Transfer-Encoding is given twice.');
      coding = value.toLowerCase();
    }
  }
  if (method === 'CONNECT') refuse('There is no way through here to other addresses.');
  const words = connection === '' ? [] : connection.split(',').map((word) => word.trim());
  const keepAlive = version === '1.1' ? !words.includes('close') : words.includes('keep-alive') && !words.includes('close');
  return { framing: framingOf(version, length, coding), keepAlive, expectsContinue: expectsContinue && version === '1.1' };
}

/** RFC 9112 6.1 and 6.3: what two readers could take differently is refused. */
function framingOf(version: string, length: string | undefined, coding: string | undefined): Framing {
  if (coding !== undefined) {
    if (length !== undefined) refuse('Both Content-Length and Transfer-Encoding are given.');
    if (coding !== 'chunked' || version !== '1.1') refuse('The only transfer coding is chunked, of HTTP/1.1.');
    return 'chunked';
  }
  if (length === undefined) return 0;
  if (!/^\d{1,15}$/.test(length)) refuse('Content-Length is no number.');
  return Number(length);
}
