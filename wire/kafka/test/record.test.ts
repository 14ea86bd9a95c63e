import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressions, isIntact, placeBatch, readHead } from '../record/batch.ts';
import { deflate, inflate } from '../record/compression.ts';
import { batchOf, controlBatch, readRecords } from '../record/record.ts';
import { KafkaViolation } from '../violation.ts';

const field = fc.option(
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);
const record = fc.record({
  key: field,
  value: field,
  timestamp: fc.integer({ min: 0, max: 2 ** 41 }),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 9 }), value: field }, { noNullPrototype: true }), { maxLength: 3 }),
});

test('records are read as they were written, packed or not, at the offset the broker gave the batch', () => {
  for (const compression of compressions)
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(2 ** 40), (records, offset) => {
        const batch = batchOf(records, { compression });
        placeBatch(batch, offset, 3);
        assert.ok(isIntact(batch));
        const read = readRecords(batch);
        assert.deepEqual(
          read.map(({ offset: _, ...rest }) => rest),
          records.map(({ key, value, timestamp, headers }) => ({ timestamp, key, value, headers })),
        );
        assert.deepEqual(
          read.map(({ offset: at }) => at),
          records.map((_, at) => offset + at),
        );
      }),
      { numRuns: 50 },
    );
});

test('numbers of one, two and more bytes are read alike, in whatever field and order they come', () => {
  const sizes = [null, 0, 1, 63, 64, 8191, 8192];
  const field = (size: number | null, byte: number) => (size === null ? null : Buffer.alloc(size, byte));
  const records = sizes.flatMap((key) =>
    sizes.flatMap((value) =>
      [0, 63, 64, -64, -65, 8191, 8192, 2 ** 40].map((later, at) => ({
        key: field(key, 1),
        value: field(value, 2),
        timestamp: 2 ** 41 + later,
        headers: at === 3 ? [{ key: 'h', value: field(value, 3) }] : [],
      })),
    ),
  );
  for (const order of [records, [...records].reverse()])
    assert.deepEqual(
      readRecords(batchOf(order)),
      order.map((record, offset) => ({ ...record, offset })),
    );
});

test('a marker is a control batch whose key says commit or abort', () => {
  const batch = controlBatch('commit', { producerId: 5, producerEpoch: 2 }, 1000);
  const head = readHead(batch);
  assert.deepEqual([head.attributes, head.producerId, head.producerEpoch, head.count], [48, 5, 2, 1]);
  assert.deepEqual(readRecords(batch)[0]?.key, Buffer.from([0, 0, 0, 1]));
});

test('snappy: a block with literals and copies that overlap, bare and in xerial framing', () => {
  // "abcabcabcabc!" by the format: length 13, literal "abc", copy of 9 bytes from 3 back, literal "!".
  const block = Buffer.from([13, (3 - 1) << 2, 0x61, 0x62, 0x63, 1 | ((9 - 4) << 2), 3, 0, 0x21]);
  assert.equal(inflate('snappy', block).toString(), 'abcabcabcabc!');
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const length = Buffer.from([0, 0, 0, block.length]);
  assert.equal(inflate('snappy', Buffer.concat([head, length, block, length, block])).toString(), 'abcabcabcabc!abcabcabcabc!');
});

test('lz4: a frame with a compressed and a stored block', () => {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  // Token 3 literals + match of 9 (nibble 5), offset 3; then a last sequence of one literal.
  const block = Buffer.from([0x35, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x21]);
  const sized = (bytes: number) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes);
    return length;
  };
  const frame = Buffer.concat([head, sized(block.length), block, sized(0x8000_0002), Buffer.from('ok'), sized(0)]);
  assert.equal(inflate('lz4', frame).toString(), 'abcabcabcabc!ok');
});

test('snappy and lz4 give back what was packed, of any size and kind, and make less of what repeats', () => {
  let seed = 1;
  const noise = Buffer.from(Array.from({ length: 200_000 }, () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) >>> 16));
  const words = Buffer.from(Array.from({ length: 30_000 }, (_, at) => `${(at * 7919) % 613} ticks `).join(''));
  const sizes = [0, 1, 11, 12, 13, 14, 59, 60, 61, 62, 315, 316, 32_767, 32_768, 65_535, 65_536, 65_537, 200_000];
  for (const compression of ['snappy', 'lz4'] as const) {
    for (const size of sizes)
      for (const kind of [noise, words, Buffer.alloc(200_000, 'a')]) {
        const plain = kind.subarray(0, size);
        const packed = deflate(compression, plain);
        assert.ok(inflate(compression, packed).equals(plain), `${size} bytes by ${compression}`);
        assert.ok(packed.length <= plain.length * 1.2 + 64);
      }
    assert.ok(deflate(compression, words).length < words.length / 3);
  }
  fc.assert(
    fc.property(fc.constantFrom('snappy', 'lz4'), fc.array(fc.constantFrom('a', 'ab', 'abc', 'x'), { maxLength: 300 }), (compression, parts) => {
      const plain = Buffer.from(parts.join(''));
      assert.ok(inflate(compression, deflate(compression, plain)).equals(plain));
    }),
    { numRuns: 300 },
  );
});

test('records whose lengths or counts lie are a violation, whatever byte is another', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat(255), (records, at, byte) => {
      const batch = batchOf(records);
      batch[57 + (at % (batch.length - 57))] = byte;
      try {
        const { count } = readHead(batch);
        const read = readRecords(batch);
        assert.equal(read.length, count);
        const bytes = read.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
        assert.ok(bytes <= batch.length);
      } catch (error) {
        assert.ok(error instanceof KafkaViolation, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test('damaged packing is a violation, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.constantFrom('gzip', 'snappy', 'lz4', 'zstd'), fc.uint8Array({ maxLength: 200 }), (compression, bytes) => {
      try {
        inflate(compression, Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof KafkaViolation, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
