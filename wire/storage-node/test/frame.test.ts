import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Frame, FrameReader, frameHead } from '../frame.ts';
import { pieceMaxBytes } from '../limits.ts';
import { kindOf, type NodeRequest, packRequest, readRequest } from '../request.ts';
import { NodeProtocolError } from '../violation.ts';

const number = fc.nat(Number.MAX_SAFE_INTEGER);
const file = fc.nat(0xffff_ffff);
const path = fc.constantFrom('shard/ab/00ff.c', 'shard/ab/00ff.c.new', 'extent/00000000000a', 'index/000000000001.base', 'index', 'replace');
const request: fc.Arbitrary<NodeRequest> = fc
  .oneof(
  fc.record({ is: fc.constant('greet' as const), protocol: fc.nat(65_535), drives: fc.array(fc.string(), { maxLength: 5 }) }),
  fc.record({ is: fc.constantFrom('ping' as const, 'room' as const) }),
  fc.record({ is: fc.constant('open' as const), flags: fc.constantFrom('r', 'wx+', 'w+', 'r+'), path }),
  fc.record({ is: fc.constant('read' as const), file, position: number, length: fc.nat(pieceMaxBytes) }),
  fc.record({
    is: fc.constant('write' as const),
    file,
    position: number,
    bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ is: fc.constantFrom('datasync' as const, 'size' as const, 'close' as const), file }),
  fc.record({ is: fc.constant('truncate' as const), file, size: number }),
  fc.record({ is: fc.constantFrom('syncDirectory' as const, 'remove' as const, 'list' as const), path }),
  fc.record({ is: fc.constant('rename' as const), from: path, to: path }),
  fc.record({ is: fc.constant('readIdentity' as const), both: fc.boolean() }),
  fc.record({ is: fc.constant('writeIdentity' as const), number: fc.nat(255), id: fc.uuid() }),
  )
  // fast-check's records have no prototype.
  .map((one) => ({ ...one }));

const packed = (requests: readonly NodeRequest[]): Buffer =>
  Buffer.concat(
    requests.flatMap((one, at) => {
      const parts = packRequest(one);
      return [frameHead({ kind: kindOf(one), drive: at, id: at + 1 }, parts), ...parts];
    }),
  );

/** The frames in bytes that come in pieces of these lengths, one after the other. */
function framesOf(bytes: Buffer, lengths: readonly number[]): Frame[] {
  const found: Frame[] = [];
  const reader = new FrameReader();
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = Math.max(1, lengths[turn % lengths.length] ?? bytes.length);
    reader.feed(bytes.subarray(at, at + length), (frame) => found.push(frame));
    at += length;
  }
  return found;
}

test('requests come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (requests, lengths) => {
      const frames = framesOf(packed(requests), lengths);
      assert.deepEqual(
        frames.map(({ kind, body }) => readRequest(kind, body)),
        requests,
      );
      assert.deepEqual(
        frames.map(({ id, drive }) => [id, drive]),
        requests.map((_, at) => [at + 1, at]),
      );
    }),
  );
});

test('of bytes of which one was changed no other request comes out than those that were sent before it', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (requests, where, change) => {
      const bytes = packed(requests);
      bytes[where % bytes.length]! ^= change;
      const found: Frame[] = [];
      try {
        new FrameReader().feed(bytes, (frame) => found.push(frame));
        // A length that grew is waited for, within its limit.
        assert.ok(found.length < requests.length);
      } catch (error) {
        assert.ok(error instanceof NodeProtocolError, String(error));
      }
      assert.deepEqual(
        found.map(({ kind, body }) => readRequest(kind, body)),
        requests.slice(0, found.length),
      );
    }),
  );
});

test('any bytes as a body are a request or are refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 64 }), (kind, bytes) => {
      try {
        readRequest(kind, Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof NodeProtocolError, String(error));
      }
    }),
  );
});
