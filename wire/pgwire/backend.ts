import { Cursor } from './cursor.ts';
import { ProtocolViolation } from './violation.ts';
import type { Writer } from './writer.ts';

/** One column of a result. `oid` is its type; format 0 is text, 1 binary. */
export type Column = {
  name: string;
  table: number;
  attribute: number;
  oid: number;
  size: number;
  modifier: number;
  format: number;
};

/** The fields of an error or a notice by their letters: S severity, V severity not translated, C sqlstate, M message. */
export type Report = Readonly<Record<string, string>>;

export type Authentication =
  | { method: 'ok' }
  | { method: 'cleartext' }
  | { method: 'md5'; salt: Buffer }
  | { method: 'sasl'; mechanisms: string[] }
  | { method: 'saslContinue'; data: Buffer }
  | { method: 'saslFinal'; data: Buffer };

/** What a server sends. Buffers alias the reader's. */
export type Backend =
  | { type: 'authentication'; request: Authentication }
  | { type: 'keyData'; processId: number; key: Buffer }
  | { type: 'parameterStatus'; name: string; value: string }
  | { type: 'ready'; status: 'idle' | 'transaction' | 'failed' }
  | { type: 'parseComplete' | 'bindComplete' | 'closeComplete' | 'noData' | 'emptyQuery' | 'portalSuspended' | 'copyDone' }
  | { type: 'parameterDescription'; types: number[] }
  | { type: 'rowDescription'; columns: Column[] }
  | { type: 'dataRow'; values: (Buffer | null)[] }
  | { type: 'commandComplete'; tag: string }
  | { type: 'error' | 'notice'; report: Report }
  | { type: 'notification'; processId: number; channel: string; payload: string }
  | { type: 'copyIn' | 'copyOut' | 'copyBoth'; format: number; formats: number[] }
  | { type: 'copyData'; data: Buffer }
  | { type: 'negotiate'; minor: number; unknown: string[] };

/** The type bytes a client meets while rows flow; the others are read by `readBackend`. */
export const tags = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  dataRow: 0x44,
  commandComplete: 0x43,
  error: 0x45,
  notice: 0x4e,
  noData: 0x6e,
  rowDescription: 0x54,
  parameterDescription: 0x74,
  ready: 0x5a,
  emptyQuery: 0x49,
  portalSuspended: 0x73,
  parameterStatus: 0x53,
  notification: 0x41,
  copyIn: 0x47,
  copyOut: 0x48,
  copyBoth: 0x57,
} as const;

/** Reads one message of a server. */
export function readBackend(type: number, buffer: Buffer, start: number, end: number): Backend {
  const c = new Cursor(buffer, start, end);
  const message = flow(type, c) ?? session(type, c);
  c.finish();
  return message;
}

function flow(type: number, c: Cursor): Backend | undefined {
  switch (type) {
    case 0x31:
      return { type: 'parseComplete' };
    case 0x32:
      return { type: 'bindComplete' };
    case 0x33:
      return { type: 'closeComplete' };
    case 0x6e:
      return { type: 'noData' };
    case 0x49:
      return { type: 'emptyQuery' };
    case 0x73:
      return { type: 'portalSuspended' };
    case 0x63:
      return { type: 'copyDone' };
    case 0x74:
      return { type: 'parameterDescription', types: list(c, () => c.uint32()) };
    case 0x54:
      return { type: 'rowDescription', columns: list(c, () => column(c)) };
    case 0x44:
      return { type: 'dataRow', values: list(c, () => c.value()) };
    case 0x43:
      return { type: 'commandComplete', tag: c.cstring() };
    case 0x64:
      return { type: 'copyData', data: c.rest() };
    case 0x45:
      return { type: 'error', report: report(c) };
    case 0x4e:
      return { type: 'notice', report: report(c) };
    default:
      return undefined;
  }
}

function session(type: number, c: Cursor): Backend {
  switch (type) {
    case 0x52:
      return { type: 'authentication', request: authentication(c) };
    case 0x4b:
      return { type: 'keyData', processId: c.int32(), key: c.rest() };
    case 0x53:
      return { type: 'parameterStatus', name: c.cstring(), value: c.cstring() };
    case 0x5a:
      return { type: 'ready', status: status(c) };
    case 0x41:
      return { type: 'notification', processId: c.int32(), channel: c.cstring(), payload: c.cstring() };
    case 0x47:
      return { type: 'copyIn', ...copy(c) };
    case 0x48:
      return { type: 'copyOut', ...copy(c) };
    case 0x57:
      return { type: 'copyBoth', ...copy(c) };
    case 0x76:
      return { type: 'negotiate', minor: c.int32(), unknown: names(c) };
    default:
      throw new ProtocolViolation(`a server's message of type ${type}`);
  }
}

function names(c: Cursor): string[] {
  const out: string[] = [];
  for (let left = c.int32(); left > 0; left--) out.push(c.cstring());
  return out;
}

function status(c: Cursor): 'idle' | 'transaction' | 'failed' {
  const letter = c.byte();
  if (letter === 0x49) return 'idle';
  if (letter === 0x54) return 'transaction';
  if (letter === 0x45) return 'failed';
  throw new ProtocolViolation(`a transaction status of ${letter}`);
}

function column(c: Cursor): Column {
  return {
    name: c.cstring(),
    table: c.uint32(),
    attribute: c.int16(),
    oid: c.uint32(),
    size: c.int16(),
    modifier: c.int32(),
    format: c.int16(),
  };
}

function copy(c: Cursor): { format: number; formats: number[] } {
  return { format: c.byte(), formats: list(c, () => c.int16()) };
}

function report(c: Cursor): Report {
  const out: Record<string, string> = {};
  for (let letter = c.byte(); letter !== 0; letter = c.byte()) out[String.fromCharCode(letter)] = c.cstring();
  return out;
}

function authentication(c: Cursor): Authentication {
  const method = c.int32();
  if (method === 0) return { method: 'ok' };
  if (method === 3) return { method: 'cleartext' };
  if (method === 5) return { method: 'md5', salt: c.bytes(4) };
  if (method === 11) return { method: 'saslContinue', data: c.rest() };
  if (method === 12) return { method: 'saslFinal', data: c.rest() };
  if (method !== 10) throw new ProtocolViolation(`an authentication method of ${method}`);
  const mechanisms: string[] = [];
  for (let name = c.cstring(); name !== ''; name = c.cstring()) mechanisms.push(name);
  return { method: 'sasl', mechanisms };
}

function list<T>(c: Cursor, read: () => T): T[] {
  const out: T[] = [];
  for (let left = c.count(); left > 0; left--) out.push(read());
  return out;
}

const empty = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  noData: 0x6e,
  emptyQuery: 0x49,
  portalSuspended: 0x73,
  copyDone: 0x63,
} as const;
const copies = { copyIn: 0x47, copyOut: 0x48, copyBoth: 0x57 } as const;
const letters = { idle: 0x49, transaction: 0x54, failed: 0x45 } as const;

/** Writes one message of a server. */
export function writeBackend(w: Writer, m: Backend): void {
  switch (m.type) {
    case 'authentication':
      return writeAuthentication(w, m.request);
    case 'keyData':
      return void w.begin(0x4b).int32(m.processId).bytes(m.key).end();
    case 'parameterStatus':
      return void w.begin(0x53).cstring(m.name).cstring(m.value).end();
    case 'ready':
      return void w.begin(0x5a).byte(letters[m.status]).end();
    case 'parameterDescription':
      return writeTypes(w, m.types);
    case 'rowDescription':
      return writeColumns(w, m.columns);
    case 'dataRow':
      return writeRow(w, m.values);
    case 'commandComplete':
      return void w.begin(0x43).cstring(m.tag).end();
    case 'error':
      return writeReport(w, 0x45, m.report);
    case 'notice':
      return writeReport(w, 0x4e, m.report);
    case 'notification':
      return void w.begin(0x41).int32(m.processId).cstring(m.channel).cstring(m.payload).end();
    case 'copyData':
      return void w.begin(0x64).bytes(m.data).end();
    case 'copyIn':
    case 'copyOut':
    case 'copyBoth':
      return writeCopy(w, copies[m.type], m);
    case 'negotiate':
      return writeNegotiate(w, m.minor, m.unknown);
    default:
      return void w.begin(empty[m.type]).end();
  }
}

function writeAuthentication(w: Writer, r: Authentication): void {
  w.begin(0x52);
  if (r.method === 'ok') w.int32(0);
  else if (r.method === 'cleartext') w.int32(3);
  else if (r.method === 'md5') w.int32(5).bytes(r.salt);
  else if (r.method === 'saslContinue') w.int32(11).bytes(r.data);
  else if (r.method === 'saslFinal') w.int32(12).bytes(r.data);
  else {
    w.int32(10);
    for (const name of r.mechanisms) w.cstring(name);
    w.byte(0);
  }
  w.end();
}

function writeTypes(w: Writer, types: readonly number[]): void {
  w.begin(0x74).int16(types.length);
  for (const oid of types) w.int32(oid);
  w.end();
}

function writeColumns(w: Writer, columns: readonly Column[]): void {
  w.begin(0x54).int16(columns.length);
  for (const c of columns) w.cstring(c.name).int32(c.table).int16(c.attribute).int32(c.oid).int16(c.size).int32(c.modifier).int16(c.format);
  w.end();
}

function writeRow(w: Writer, values: readonly (string | Uint8Array | null)[]): void {
  w.begin(0x44).int16(values.length);
  for (const value of values) w.value(value);
  w.end();
}

function writeReport(w: Writer, type: number, fields: Report): void {
  w.begin(type);
  for (const [letter, text] of Object.entries(fields)) w.byte(letter.charCodeAt(0)).cstring(text);
  w.byte(0).end();
}

function writeCopy(w: Writer, type: number, m: { format: number; formats: number[] }): void {
  w.begin(type).byte(m.format).int16(m.formats.length);
  for (const format of m.formats) w.int16(format);
  w.end();
}

function writeNegotiate(w: Writer, minor: number, unknown: readonly string[]): void {
  w.begin(0x76).int32(minor).int32(unknown.length);
  for (const name of unknown) w.cstring(name);
  w.end();
}
