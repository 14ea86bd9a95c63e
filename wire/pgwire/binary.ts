import { oids } from './oid.ts';
import { ProtocolViolation } from './violation.ts';

/** Milliseconds from 1970 to 2000-01-01, where PostgreSQL's binary timestamps begin. */
const year2000 = Date.UTC(2000, 0, 1);
const endOfTime = 2n ** 63n - 1n;

type BinaryCodec = { readonly size?: number; read(bytes: Buffer): unknown; write(value: never): Buffer };

const codecs: ReadonlyMap<number, BinaryCodec> = new Map<number, BinaryCodec>([
  [oids.bool, { size: 1, read: (b) => b[0] !== 0, write: (v: boolean) => Buffer.from([v ? 1 : 0]) }],
  [oids.int2, { size: 2, read: (b) => b.readInt16BE(0), write: (v: number) => filled(2, (b) => b.writeInt16BE(v)) }],
  [oids.int4, { size: 4, read: (b) => b.readInt32BE(0), write: (v: number) => filled(4, (b) => b.writeInt32BE(v)) }],
  [oids.oid, { size: 4, read: (b) => b.readUInt32BE(0), write: (v: number) => filled(4, (b) => b.writeUInt32BE(v)) }],
  [oids.int8, { size: 8, read: (b) => b.readBigInt64BE(0), write: (v: bigint) => filled(8, (b) => b.writeBigInt64BE(v)) }],
  [oids.float4, { size: 4, read: (b) => b.readFloatBE(0), write: (v: number) => filled(4, (b) => b.writeFloatBE(v)) }],
  [oids.float8, { size: 8, read: (b) => b.readDoubleBE(0), write: (v: number) => filled(8, (b) => b.writeDoubleBE(v)) }],
  [oids.text, text()],
  [oids.varchar, text()],
  [oids.json, { read: (b) => JSON.parse(b.toString('utf8')) as unknown, write: (v: unknown) => Buffer.from(JSON.stringify(v)) }],
  [oids.jsonb, { read: readJsonb, write: (v: unknown) => Buffer.concat([Buffer.from([1]), Buffer.from(JSON.stringify(v))]) }],
  [oids.bytea, { read: (b) => Buffer.from(b), write: (v: Uint8Array) => Buffer.from(v) }],
  [oids.uuid, { size: 16, read: readUuid, write: (v: string) => Buffer.from(v.replaceAll('-', ''), 'hex') }],
  [oids.timestamptz, { size: 8, read: readInstant, write: writeInstant }],
]);

/**
 * Reads a value in the type's binary format: the same JavaScript values as from text. Types without a codec here (numeric,
 * arrays, dates) are a RangeError, by which the caller asks for text instead.
 */
export function readBinary(oid: number, bytes: Buffer): unknown {
  const codec = find(oid);
  if (codec.size !== undefined && bytes.length !== codec.size) {
    throw new ProtocolViolation(`a binary value of type ${oid} in ${bytes.length} bytes`);
  }
  return codec.read(bytes);
}

/** Writes a value in the type's binary format; the value is of the JavaScript type that `readBinary` answers. */
export function writeBinary(oid: number, value: unknown): Buffer {
  return find(oid).write(value as never);
}

function find(oid: number): BinaryCodec {
  const codec = codecs.get(oid);
  if (!codec) throw new RangeError(`type ${oid} has no binary codec`);
  return codec;
}

function text(): BinaryCodec {
  return { read: (b) => b.toString('utf8'), write: (v: string) => Buffer.from(v) };
}

function filled(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
}

// The first byte is the version of the format; there is only 1.
function readJsonb(bytes: Buffer): unknown {
  if (bytes[0] !== 1) throw new ProtocolViolation(`jsonb of version ${bytes[0]}`);
  return JSON.parse(bytes.toString('utf8', 1)) as unknown;
}

function readUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function readInstant(bytes: Buffer): Date | number {
  const micros = bytes.readBigInt64BE(0);
  if (micros === endOfTime) return Number.POSITIVE_INFINITY;
  if (micros === -endOfTime - 1n) return Number.NEGATIVE_INFINITY;
  // Microseconds of far years are beyond the integers a number holds; down and not toward zero, as the text is cut.
  const down = micros < 0n ? (micros - 999n) / 1000n : micros / 1000n;
  return new Date(Number(down) + year2000);
}

function writeInstant(at: Date | number): Buffer {
  if (typeof at === 'number') return filled(8, (b) => b.writeBigInt64BE(at > 0 ? endOfTime : -endOfTime - 1n));
  return filled(8, (b) => b.writeBigInt64BE(BigInt(at.getTime() - year2000) * 1000n));
}
