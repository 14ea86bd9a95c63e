import { BinaryArray } from './elements.ts';
import { parameterCountMax } from './limits.ts';
import { Cursor } from './cursor.ts';
import { ProtocolViolation } from './violation.ts';
import type { Writer } from './writer.ts';

/** What a client sends. `params` of Bind and `data` alias the reader's buffer. */
export type Frontend =
  | { type: 'query'; text: string }
  | { type: 'parse'; name: string; text: string; types: number[] }
  | { type: 'bind'; portal: string; name: string; formats: number[]; params: (Buffer | null)[]; results: number[] }
  | { type: 'describe' | 'close'; kind: 'statement' | 'portal'; name: string }
  | { type: 'execute'; portal: string; rowsMax: number }
  | { type: 'flush' | 'sync' | 'terminate' | 'copyDone' }
  | { type: 'password'; body: Buffer }
  | { type: 'copyData'; data: Buffer }
  | { type: 'copyFail'; reason: string };

/** The first packet of a connection. */
export type Startup =
  | { type: 'ssl' | 'gss' }
  | { type: 'cancel'; processId: number; key: Buffer }
  | { type: 'startup'; minor: number; settings: Map<string, string> };

const protocol3 = 3 << 16;
const cancelCode = (1234 << 16) | 5678;
const sslCode = (1234 << 16) | 5679;
const gssCode = (1234 << 16) | 5680;

export function writeStartup(w: Writer, settings: Iterable<readonly [string, string]>): void {
  w.begin(0).int32(protocol3);
  for (const [name, value] of settings) w.cstring(name).cstring(value);
  w.byte(0).end();
}

export function writeSslRequest(w: Writer): void {
  w.begin(0).int32(sslCode).end();
}

export function writeCancel(w: Writer, processId: number, key: Uint8Array): void {
  w.begin(0).int32(cancelCode).int32(processId).bytes(key).end();
}

/** The clear or md5 answer to an authentication request. */
export function writePassword(w: Writer, password: string): void {
  w.begin(0x70).cstring(password).end();
}

export function writeSaslInitial(w: Writer, mechanism: string, message: string): void {
  w.begin(0x70).cstring(mechanism).value(message).end();
}

export function writeSaslAnswer(w: Writer, message: string): void {
  w.begin(0x70).bytes(Buffer.from(message, 'utf8')).end();
}

export function writeQuery(w: Writer, text: string): void {
  w.begin(0x51).cstring(text).end();
}

export function writeParse(w: Writer, name: string, text: string, types: readonly number[] = []): void {
  w.begin(0x50).cstring(name).cstring(text).int16(types.length);
  for (const oid of types) w.int32(oid);
  w.end();
}

/** Binds parameters to a portal: a string goes as text, bytes and such arrays as binary; results come as text. */
export function writeBind(w: Writer, portal: string, name: string, params: readonly (string | Uint8Array | BinaryArray | null)[]): void {
  if (params.length > parameterCountMax) throw new RangeError(`${params.length} parameters; a statement takes ${parameterCountMax}`);
  w.begin(0x42).cstring(portal).cstring(name);
  let binary = false;
  for (const param of params) if (param !== null && typeof param !== 'string') binary = true;
  w.int16(binary ? params.length : 0);
  if (binary) for (const param of params) w.int16(param !== null && typeof param !== 'string' ? 1 : 0);
  w.int16(params.length);
  for (const param of params) param instanceof BinaryArray ? param.write(w) : w.value(param);
  w.int16(0).end();
}

export function writeDescribe(w: Writer, kind: 'statement' | 'portal', name: string): void {
  w.begin(0x44)
    .byte(kind === 'statement' ? 0x53 : 0x50)
    .cstring(name)
    .end();
}

export function writeClose(w: Writer, kind: 'statement' | 'portal', name: string): void {
  w.begin(0x43)
    .byte(kind === 'statement' ? 0x53 : 0x50)
    .cstring(name)
    .end();
}

/** Runs a portal for at most `rowsMax` rows; 0 is all. */
export function writeExecute(w: Writer, portal: string, rowsMax = 0): void {
  w.begin(0x45).cstring(portal).int32(rowsMax).end();
}

export function writeSync(w: Writer): void {
  w.begin(0x53).end();
}

export function writeFlush(w: Writer): void {
  w.begin(0x48).end();
}

export function writeTerminate(w: Writer): void {
  w.begin(0x58).end();
}

export function writeCopyFail(w: Writer, reason: string): void {
  w.begin(0x66).cstring(reason).end();
}

/** Reads the first packet of a connection; `buffer` is its body. */
export function readStartup(buffer: Buffer, start: number, end: number): Startup {
  const c = new Cursor(buffer, start, end);
  const code = c.int32();
  if (code === sslCode || code === gssCode) {
    c.finish();
    return { type: code === sslCode ? 'ssl' : 'gss' };
  }
  if (code === cancelCode) return { type: 'cancel', processId: c.int32(), key: c.rest() };
  if (code >> 16 !== 3) throw new ProtocolViolation(`protocol version ${code >>> 16}.${code & 0xffff}`);
  const settings = new Map<string, string>();
  for (let name = c.cstring(); name !== ''; name = c.cstring()) settings.set(name, c.cstring());
  c.finish();
  return { type: 'startup', minor: code & 0xffff, settings };
}

/** Reads one typed message of a client. */
export function readFrontend(type: number, buffer: Buffer, start: number, end: number): Frontend {
  const c = new Cursor(buffer, start, end);
  const message = body(type, c);
  c.finish();
  return message;
}

function body(type: number, c: Cursor): Frontend {
  switch (type) {
    case 0x51:
      return { type: 'query', text: c.cstring() };
    case 0x50:
      return { type: 'parse', name: c.cstring(), text: c.cstring(), types: list(c, () => c.uint32()) };
    case 0x42:
      return bind(c);
    case 0x44:
      return { type: 'describe', kind: kind(c), name: c.cstring() };
    case 0x43:
      return { type: 'close', kind: kind(c), name: c.cstring() };
    case 0x45:
      return { type: 'execute', portal: c.cstring(), rowsMax: c.int32() };
    case 0x53:
      return { type: 'sync' };
    case 0x48:
      return { type: 'flush' };
    case 0x58:
      return { type: 'terminate' };
    case 0x70:
      return { type: 'password', body: c.rest() };
    case 0x64:
      return { type: 'copyData', data: c.rest() };
    case 0x63:
      return { type: 'copyDone' };
    case 0x66:
      return { type: 'copyFail', reason: c.cstring() };
    default:
      throw new ProtocolViolation(`a client's message of type ${type}`);
  }
}

function bind(c: Cursor): Frontend {
  const portal = c.cstring();
  const name = c.cstring();
  const formats = list(c, () => c.int16());
  const params = list(c, () => c.value());
  return { type: 'bind', portal, name, formats, params, results: list(c, () => c.int16()) };
}

function kind(c: Cursor): 'statement' | 'portal' {
  const letter = c.byte();
  if (letter !== 0x53 && letter !== 0x50) throw new ProtocolViolation(`a kind of ${letter}`);
  return letter === 0x53 ? 'statement' : 'portal';
}

function list<T>(c: Cursor, read: () => T): T[] {
  const out: T[] = [];
  for (let left = c.count(); left > 0; left--) out.push(read());
  return out;
}
