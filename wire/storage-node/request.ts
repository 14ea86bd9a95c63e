import { drivePathMaxBytes, nodeDrivesMax, pathMaxBytes, pieceMaxBytes } from './limits.ts';
import { NodeProtocolError } from './violation.ts';

/** The release of the protocol; a node answers a greeting of its own release only. */
export const nodeProtocol = 1;

/** How a file is opened, as the system calls it. */
export type OpenFlags = 'r' | 'wx+' | 'w+' | 'r+';
const flagsOf: readonly OpenFlags[] = ['r', 'wx+', 'w+', 'r+'];

/** What storage asks of a node. `file` is the number under which the node keeps a file open, `position` and `size` are in bytes. */
export type NodeRequest =
  | { readonly is: 'greet'; readonly protocol: number; readonly drives: readonly string[] }
  | { readonly is: 'ping' }
  | { readonly is: 'open'; readonly flags: OpenFlags; readonly path: string }
  | { readonly is: 'read'; readonly file: number; readonly position: number; readonly length: number }
  | { readonly is: 'write'; readonly file: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly is: 'datasync' | 'size' | 'close'; readonly file: number }
  | { readonly is: 'truncate'; readonly file: number; readonly size: number }
  | { readonly is: 'syncDirectory' | 'remove' | 'list'; readonly path: string }
  | { readonly is: 'rename'; readonly from: string; readonly to: string }
  | { readonly is: 'readIdentity'; readonly both: boolean }
  | { readonly is: 'writeIdentity'; readonly number: number; readonly id: string }
  | { readonly is: 'room' };

const kinds = [
  'greet',
  'ping',
  'open',
  'read',
  'write',
  'datasync',
  'size',
  'close',
  'truncate',
  'syncDirectory',
  'remove',
  'list',
  'rename',
  'readIdentity',
  'writeIdentity',
  'room',
] as const satisfies readonly NodeRequest['is'][];

/** The number of a kind of request in a frame's head. */
export function kindOf({ is }: NodeRequest): number {
  return kinds.indexOf(is) + 1;
}

/** The parts of a request's body. The bytes of a write are not copied. */
export function packRequest(request: NodeRequest): readonly Uint8Array[] {
  switch (request.is) {
    case 'greet':
      return [u16(request.protocol), u16(request.drives.length), ...request.drives.flatMap(text)];
    case 'ping':
    case 'room':
      return [];
    case 'open':
      return [Buffer.of(flagsOf.indexOf(request.flags)), ...text(request.path)];
    case 'read':
      return [u32(request.file), u64(request.position), u32(request.length)];
    case 'write':
      return [u32(request.file), u64(request.position), request.bytes];
    case 'datasync':
    case 'size':
    case 'close':
      return [u32(request.file)];
    case 'truncate':
      return [u32(request.file), u64(request.size)];
    case 'syncDirectory':
    case 'remove':
    case 'list':
      return text(request.path);
    case 'rename':
      return [...text(request.from), ...text(request.to)];
    case 'readIdentity':
      return [Buffer.of(Number(request.both))];
    case 'writeIdentity':
      return [u16(request.number), ...text(request.id)];
  }
}

/** The request that a frame carries; a `NodeProtocolError` where it is none. */
export function readRequest(kind: number, body: Buffer): NodeRequest {
  const is = kinds[kind - 1];
  if (!is) throw new NodeProtocolError(`there is no request ${kind}`);
  const fields = new Fields(body);
  const request = requestOf(is, fields);
  fields.end();
  return request;
}

function requestOf(is: NodeRequest['is'], fields: Fields): NodeRequest {
  switch (is) {
    case 'greet':
      return { is, protocol: fields.u16(), drives: fields.texts(nodeDrivesMax, drivePathMaxBytes) };
    case 'ping':
    case 'room':
      return { is };
    case 'open':
      return { is, flags: flagsOf[fields.u8()] ?? refuse('a file cannot be opened so'), path: fields.path() };
    case 'read':
      return { is, file: fields.u32(), position: fields.u64(), length: fields.upTo(pieceMaxBytes) };
    case 'write':
      return { is, file: fields.u32(), position: fields.u64(), bytes: fields.rest(pieceMaxBytes) };
    case 'datasync':
    case 'size':
    case 'close':
      return { is, file: fields.u32() };
    case 'truncate':
      return { is, file: fields.u32(), size: fields.u64() };
    case 'syncDirectory':
    case 'remove':
      return { is, path: fields.path() };
    case 'list':
      return { is, path: fields.path(true) };
    case 'rename':
      return { is, from: fields.path(), to: fields.path() };
    case 'readIdentity':
      return { is, both: fields.u8() === 1 };
    case 'writeIdentity':
      return { is, number: fields.u16(), id: fields.text(pathMaxBytes) };
  }
}

/** What storage keeps on a drive, and the operator's word that it is new: no other file can be named. */
const place = /^(?:(?:shard|(?:extent|index)(?:-\d{1,3})?)(?:\/[0-9a-z]+(?:\.[0-9a-z]+)*){0,2}|replace)$/;

/** Reads the fields of a body one behind the other. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#step(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#step(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#step(4));
  }

  u64(): number {
    const value = this.#bytes.readBigUInt64LE(this.#step(8));
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : refuse('a number is too large');
  }

  upTo(most: number): number {
    const value = this.u32();
    return value <= most ? value : refuse(`a piece cannot have ${value} bytes`);
  }

  text(most: number): string {
    const length = this.u16();
    if (length > most) refuse(`a text cannot have ${length} bytes`);
    const from = this.#step(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  texts(most: number, bytes: number): string[] {
    const count = this.u16();
    if (count > most) refuse(`a list cannot have ${count} names`);
    return Array.from({ length: count }, () => this.text(bytes));
  }

  path(mayBeAll = false): string {
    const path = this.text(pathMaxBytes);
    return (mayBeAll && path === '') || place.test(path) ? path : refuse('nothing is kept at such a path');
  }

  rest(most: number): Buffer {
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length > most) refuse(`a piece cannot have ${rest.length} bytes`);
    this.#at = this.#bytes.length;
    return rest;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) refuse('bytes are left');
  }

  #step(count: number): number {
    const from = this.#at;
    this.#at += count;
    return this.#at <= this.#bytes.length ? from : refuse('a body is too short');
  }
}

function refuse(why: string): never {
  throw new NodeProtocolError(why);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A text behind its length. */
export function text(value: string): readonly Uint8Array[] {
  const bytes = Buffer.from(value);
  return [u16(bytes.length), bytes];
}
