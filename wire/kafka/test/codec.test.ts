import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Api, firstVersion, lastVersion } from '../api.ts';
import type { Field, Shape } from '../field.ts';
import { within } from '../field.ts';
import { FrameReader, readRequest, readResponse, writeRequest, writeResponse } from '../frame.ts';
import { Reader } from '../reader.ts';
import { apis } from '../table.ts';
import { KafkaViolation } from '../violation.ts';

const all = apis as readonly unknown[] as Api[];

/** Any value of a field in a version, as a reader would give it. */
function valueOf(field: Field<unknown>, version: number): fc.Arbitrary<unknown> {
  const primitive: Record<string, () => fc.Arbitrary<unknown>> = {
    bool: () => fc.boolean(),
    int8: () => fc.integer({ min: -128, max: 127 }),
    int16: () => fc.integer({ min: -32768, max: 32767 }),
    uint16: () => fc.integer({ min: 0, max: 65535 }),
    int32: () => fc.integer(),
    int64: () => fc.maxSafeInteger(),
    float64: () => fc.double({ noNaN: true }),
    string: () => fc.string({ unit: 'grapheme', maxLength: 20 }),
    uuid: () => fc.uuid(),
    bytes: () => fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    records: () => fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  };
  const plain =
    field.type === 'struct'
      ? messageOf(field.of as Shape, version)
      : field.type === 'array'
        ? fc.array(
            typeof field.of === 'string' ? (primitive[field.of] as () => fc.Arbitrary<unknown>)() : messageOf(field.of as Shape, version),
            { maxLength: 3 },
          )
        : (primitive[field.type] as () => fc.Arbitrary<unknown>)();
  const nullable = within(version, field.nullable) || field.type === 'records';
  return nullable ? fc.option(plain, { nil: null, freq: 4 }) : plain;
}

function messageOf(shape: Shape, version: number): fc.Arbitrary<Record<string, unknown>> {
  const present = Object.entries(shape).filter(([, field]) => within(version, field.versions) || within(version, field.tagged));
  return fc.record(Object.fromEntries(present.map(([name, field]) => [name, valueOf(field, version)])), { noNullPrototype: true });
}

/** Only the fields that the message has: absent ones read as defaults. */
function pick(read: unknown, like: unknown): unknown {
  if (Array.isArray(like)) return like.map((one, at) => pick((read as unknown[])[at], one));
  if (like === null || typeof like !== 'object' || like instanceof Uint8Array) return read;
  return Object.fromEntries(Object.entries(like).map(([name, value]) => [name, pick((read as Record<string, unknown>)[name], value)]));
}

const versionsOf = (api: Api) => Array.from({ length: lastVersion(api) - firstVersion(api) + 1 }, (_, at) => at + firstVersion(api));
const frameOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).subarray(4);

test('any message of any version is read as it was written', () => {
  for (const api of all)
    for (const version of versionsOf(api)) {
      fc.assert(
        fc.property(messageOf(api.request.shape, version), messageOf(api.response.shape, version), (request, response) => {
          const asked = readRequest(frameOf(writeRequest(api, version, { correlationId: 7, clientId: 'me' }, request)));
          assert.deepEqual(pick(asked.message, request), request);
          const told = readResponse(api, version, frameOf(writeResponse(api, version, 7, response)));
          assert.deepEqual(pick(told.message, response), response);
        }),
        { numRuns: 3 },
      );
    }
});

test('a message that is cut at any byte is a violation, never anything else', () => {
  for (const api of all) {
    const version = lastVersion(api);
    const [message] = fc.sample(messageOf(api.request.shape, version), { numRuns: 1, seed: 5 });
    const frame = frameOf(writeRequest(api, version, { correlationId: 1, clientId: 'me' }, message ?? {}));
    for (let bytes = 0; bytes < frame.length; bytes++) assert.throws(() => readRequest(frame.subarray(0, bytes)), KafkaViolation);
  }
});

test('bytes that are changed at random are read or refused, and take no more memory than they may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: all.length - 1 }), fc.infiniteStream(fc.nat()), (index, random) => {
      const api = all[index] as Api;
      const version = lastVersion(api);
      const [message] = fc.sample(messageOf(api.request.shape, version), { numRuns: 1, seed: index });
      const frame = Buffer.from(frameOf(writeRequest(api, version, { correlationId: 1, clientId: 'me' }, message ?? {})));
      for (let flips = 3; flips > 0; flips--) {
        const at = random.next().value % frame.length;
        frame[at] = (frame[at] as number) ^ (1 << (random.next().value % 8));
      }
      try {
        readRequest(frame);
      } catch (error) {
        assert.ok(error instanceof KafkaViolation, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('an array whose length is a lie is refused before memory is taken', () => {
  const reader = new Reader(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  assert.throws(() => reader.count(reader.int32()), KafkaViolation);
});

test('frames are cut out of any chunks, and a frame beyond the limit is refused at its length', () => {
  const frames = [Buffer.from('abcd'), Buffer.from('efghij'), Buffer.alloc(70_000, 'x')];
  const stream = Buffer.concat(
    frames.map((frame) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(frame.length);
      return Buffer.concat([length, frame]);
    }),
  );
  for (const step of [1, 3, 7, 5000, stream.length]) {
    const reader = new FrameReader();
    const got: Buffer[] = [];
    for (let at = 0; at < stream.length; at += step) {
      reader.push(stream.subarray(at, at + step));
      for (let frame = reader.next(); frame; frame = reader.next()) got.push(frame);
    }
    assert.deepEqual(got, frames);
  }
  const small = new FrameReader(() => 10);
  small.push(Buffer.from([0, 0, 0, 11]));
  assert.throws(() => small.next(), KafkaViolation);
});
