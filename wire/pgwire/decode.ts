import { readArray } from './array.ts';
import { elementOf, oids } from './oid.ts';
import { readTimestamp } from './timestamp.ts';
import { ProtocolViolation } from './violation.ts';

/** Makes a value of the bytes `start..end` of a row. */
export type Decoder = (buffer: Buffer, start: number, end: number) => unknown;

const fromText: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [oids.bool, (text) => text === 't'],
  [oids.int2, Number],
  [oids.int4, Number],
  [oids.oid, Number],
  [oids.int8, (text) => BigInt(text)],
  [oids.float4, Number],
  [oids.float8, Number],
  [oids.json, (text) => JSON.parse(text) as unknown],
  [oids.jsonb, (text) => JSON.parse(text) as unknown],
  [oids.timestamptz, readTimestamp],
  [oids.bytea, (text) => hex(text)],
]);

function hex(text: string): Buffer {
  if (!text.startsWith('\\x') || text.length % 2 === 1) throw new ProtocolViolation('bytea is not in hex form');
  const out = Buffer.from(text.slice(2), 'hex');
  if (out.length !== text.length / 2 - 1) throw new ProtocolViolation('bytea is not in hex form');
  return out;
}

const asText: Decoder = (buffer, start, end) => buffer.toString('utf8', start, end);

/**
 * The decoder of a type in text format: int8 is a bigint, numeric a string (it is exact), bytea a Buffer of its own
 * memory, json a value, timestamptz a Date, arrays arrays; date, timestamp without zone and every other type stay text.
 */
export function textDecoder(oid: number): Decoder {
  const known = decoders.get(oid);
  if (known) return known;
  return asText;
}

const decoders = new Map<number, Decoder>();
for (const [oid, read] of fromText) decoders.set(oid, (buffer, start, end) => read(buffer.toString('latin1', start, end)));
for (const oid of [oids.json, oids.jsonb])
  decoders.set(oid, (buffer, start, end) => JSON.parse(buffer.toString('utf8', start, end)) as unknown);
decoders.set(oids.bool, (buffer, start) => buffer[start] === 0x74);
for (const [array, element] of elementOf) {
  const read = fromText.get(element) ?? ((text: string) => text);
  decoders.set(array, (buffer, start, end) => readArray(buffer.toString('utf8', start, end), read));
}
