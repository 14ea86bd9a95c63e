import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '#wire/checksum/crc32c.ts';
import {
  associatedData,
  decodeFrame,
  decodeGroup,
  decodeHeader,
  decodeMark,
  encodeFrameHead,
  encodeGroup,
  encodeHeader,
  encodeMark,
  frameSizeMax,
  headerSize,
  isProcessName,
  peekSequence,
} from '../frame.ts';
import { aesSeal } from '../seal.ts';

const number = fc.maxSafeNat();
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/);
const records = fc.array(fc.record({ type: fc.nat(255), bytes: fc.uint8Array({ maxLength: 80 }) }), { maxLength: 20 });
const header = fc.record({
  process: name,
  segment: number,
  keyVersion: fc.nat(0xffffffff),
  previousEnd: number,
  firstSequence: number,
  createdMs: number,
});

function frameOf(first: number, count: number, sealed: Buffer): Buffer {
  return Buffer.concat([encodeFrameHead(first, count, sealed), sealed]);
}

test('a header comes back as it was written', () => {
  fc.assert(fc.property(header, (value) => assert.deepEqual(decodeHeader(encodeHeader(value)), { ...value })));
});

test('a header cut at any byte or with any bit flipped is none', () => {
  const bytes = encodeHeader({ process: 'log', segment: 7, keyVersion: 3, previousEnd: 900, firstSequence: 55, createdMs: 1.7e12 });
  assert.equal(bytes.length, headerSize);
  for (let cut = 0; cut < bytes.length; cut++) assert.equal(decodeHeader(bytes.subarray(0, cut)), undefined);
  for (const flipped of eachBitFlip(bytes)) assert.equal(decodeHeader(flipped), undefined);
});

test('a header of a later format whose checksum holds names its format', () => {
  const bytes = encodeHeader({ process: 'log', segment: 1, keyVersion: 1, previousEnd: 0, firstSequence: 1, createdMs: 0 });
  bytes.writeUInt16BE(2, 8);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, headerSize - 4)), headerSize - 4);
  assert.deepEqual(decodeHeader(bytes), { format: 2 });
});

test('a mark comes back as it was written, and not when cut or flipped', () => {
  fc.assert(
    fc.property(fc.record({ segment: number, offset: number, sequence: number }), (value) => {
      assert.deepEqual(decodeMark(encodeMark(value)), { ...value });
    }),
  );
  const bytes = encodeMark({ segment: 1, offset: 128, sequence: 1 });
  for (let cut = 0; cut < bytes.length; cut++) assert.equal(decodeMark(bytes.subarray(0, cut)), undefined);
  for (const flipped of eachBitFlip(bytes)) assert.equal(decodeMark(flipped), undefined);
});

test('the records of a group come back with dense sequences', () => {
  fc.assert(
    fc.property(records, fc.nat(1e9), (group, first) => {
      const read = decodeGroup(encodeGroup(group), first, group.length);
      assert.deepEqual(
        read?.map(({ type, sequence, bytes }) => ({ type, sequence, bytes: [...bytes] })),
        group.map(({ type, bytes }, at) => ({ type, sequence: first + at, bytes: [...bytes] })),
      );
    }),
  );
});

test('a group that is cut, or does not hold the number of records named, is none', () => {
  const group = encodeGroup([
    { type: 1, bytes: Buffer.from('abc') },
    { type: 2, bytes: Buffer.from('defg') },
  ]);
  for (let cut = 0; cut < group.length; cut++) assert.equal(decodeGroup(group.subarray(0, cut), 1, 2), undefined);
  assert.equal(decodeGroup(group, 1, 1), undefined);
  assert.equal(decodeGroup(group, 1, 3), undefined);
});

test('frames one behind the other come back with their places', () => {
  const frames = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.uint8Array({ maxLength: 100 })), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.nat(1e6), (parts, base) => {
      const bytes = Buffer.concat(parts.map(([count, sealed]) => frameOf(count * 3, count, Buffer.from(sealed))));
      let at = 0;
      for (const [count, sealed] of parts) {
        const frame = decodeFrame(bytes, at, base);
        assert(typeof frame === 'object');
        assert.deepEqual([frame.offset, frame.first, frame.count], [base + at, count * 3, count]);
        assert.deepEqual([...frame.sealed], [...sealed]);
        assert.equal(peekSequence(bytes, at), count * 3);
        at = frame.end - base;
      }
      assert.equal(at, bytes.length);
    }),
  );
});

test('a frame cut at any byte is short, and with any bit flipped is never whole', () => {
  const bytes = frameOf(12, 3, randomBytes(60));
  for (let cut = 0; cut < bytes.length; cut++) assert.equal(decodeFrame(bytes.subarray(0, cut), 0, 0), 'short');
  for (const flipped of eachBitFlip(bytes)) assert.equal(typeof decodeFrame(flipped, 0, 0), 'string');
});

test('zeros and lengths no frame can have are damage', () => {
  assert.equal(decodeFrame(Buffer.alloc(64), 0, 0), 'damaged');
  const bytes = frameOf(1, 1, randomBytes(60));
  bytes.writeUInt32BE(frameSizeMax, 0);
  assert.equal(decodeFrame(bytes, 0, 0), 'damaged');
  assert.equal(decodeFrame(frameOf(1, 0, randomBytes(60)), 0, 0), 'damaged');
  assert.equal(decodeFrame(frameOf(Number.MAX_SAFE_INTEGER, 1, randomBytes(60)), 0, 0), 'damaged');
});

test('any bytes at all are read without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (noise, at) => {
      const bytes = Buffer.from(noise);
      decodeFrame(bytes, Math.min(at, bytes.length), 0);
      decodeHeader(bytes);
      decodeMark(bytes);
      decodeGroup(bytes, 1, at);
    }),
  );
});

test('a sealed group opens only at its own place, under its own key', () => {
  const key = randomBytes(32);
  const { seal, open } = aesSeal(1, () => key);
  const place: [number, number, number, number] = [5, 900, 77, 2];
  const sealed = seal(Buffer.from('two records'), associatedData('log', ...place));
  assert.equal(open(1, sealed, associatedData('log', ...place)).toString(), 'two records');
  assert.throws(() => open(1, sealed, associatedData('logs', ...place)));
  for (let at = 0; at < place.length; at++) {
    const [segment, offset, first, count] = place.with(at, place[at]! + 1);
    assert.throws(() => open(1, sealed, associatedData('log', segment!, offset!, first!, count!)));
  }
  assert.throws(() => aesSeal(1, () => randomBytes(32)).open(1, sealed, associatedData('log', ...place)));
  for (let cut = 0; cut < sealed.length; cut++) {
    assert.throws(() => open(1, sealed.subarray(0, cut), associatedData('log', ...place)));
  }
});

test('a process name is one segment of a path', () => {
  for (const good of ['log', 'storage', 'log.broker-2', 'a'.repeat(64)]) assert(isProcessName(good), good);
  for (const bad of ['', '.', '..', '.hidden', 'a/b', 'A', 'é', 'a'.repeat(65), 'a\0']) assert(!isProcessName(bad), bad);
});

function* eachBitFlip(bytes: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield flipped;
  }
}
