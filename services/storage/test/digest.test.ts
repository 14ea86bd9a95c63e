import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { freeUsed, useOnce } from '#engine/http1/chunk.ts';
import { Crc64Nvme } from '#wire/checksum/crc64nvme.ts';
import { startChecksum } from '#wire/checksum/checksum.ts';
import { DigestKernel, md5Start } from '../engine/digest-kernel.ts';
import { DigestStream } from '../engine/digest-stream.ts';
import { laneBytes } from '../engine/limits.ts';
import { BodyDigest } from '../store/digest.ts';
import { digestHereMaxBytes } from '../store/limits.ts';
import { bytesOf } from './fixtures/shelf.ts';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

for (const form of ['relaxed', 'strict'] as const) {
  test(`the ${form} kernel makes the MD5 of four streams of any lengths, and CRC-64/NVME, as others do`, async () => {
    const kernel = await DigestKernel.open(laneBytes, form);
    const length = fc.oneof(
      fc.integer({ min: 0, max: 200 }),
      fc.constantFrom(55, 56, 63, 64, 65, 119, 120, 128),
      fc.integer({ min: 0, max: 150_000 }),
    );
    fc.assert(
      fc.property(fc.array(length, { minLength: 1, maxLength: 4 }), fc.nat(1e6), (lengths, seed) => {
        const bodies = lengths.map((size, at) => bytesOf(seed + at, size));
        const streams = bodies.map((body) => {
          const stream = new DigestStream({ algorithm: 'CRC64NVME', sha256: true }, kernel);
          for (let at = 0; at < body.length; at += 40_001) stream.push(body.subarray(at, at + 40_001));
          stream.end();
          return stream;
        });
        for (;;) {
          const ready = streams.filter(({ blocks }) => blocks > 0);
          if (ready.length === 0) break;
          const blocks = Math.min(laneBytes / 64, ...ready.map((stream) => stream.blocks));
          for (const [lane, stream] of ready.entries()) stream.fill(kernel.lane(lane), blocks * 64);
          kernel.md5(
            ready.map(({ state }) => state),
            blocks,
          );
        }
        for (const [at, stream] of streams.entries()) {
          assert.ok(stream.isDone);
          const { checksum, sha256, md5: made } = stream.digests();
          const crc = new Crc64Nvme();
          crc.update(bodies[at]!);
          assert.equal(hex(made), md5(bodies[at]!), `${lengths}`);
          assert.equal(hex(checksum), crc.digest().toString('hex'));
          assert.equal(hex(sha256), createHash('sha256').update(bodies[at]!).digest('hex'));
        }
      }),
      { numRuns: 60 },
    );
    assert.deepEqual([...md5Start], [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  });
}

test('digests of bodies of every size are right, many at once, and pieces may be written over when they were taken', async () => {
  const sizes = [0, 1, 4096, digestHereMaxBytes, digestHereMaxBytes + 1, 1_000_003, 9_000_000];
  const one = async (size: number, seed: number) => {
    const body = bytesOf(seed, size);
    const wanted = [md5(body), startOf('CRC32C', body)];
    const digest = new BodyDigest({ algorithm: 'CRC32C', sha256: false });
    for (let at = 0; at < size; at += 65_536) {
      const piece = Buffer.from(body.subarray(at, at + 65_536));
      await digest.update(piece);
      piece.fill(0xaa);
    }
    const made = await digest.end();
    assert.deepEqual([hex(made.md5), hex(made.checksum), made.sha256], [...wanted, undefined], `${size}`);
  };
  await Promise.all([...sizes, ...sizes].map(one));
});

const startOf = (algorithm: 'CRC32C', body: Uint8Array) => {
  const running = startChecksum(algorithm);
  running.update(body);
  return running.digest().toString('hex');
};

test('a body that is given up leaves nothing waiting', async () => {
  const digest = new BodyDigest({});
  await digest.update(bytesOf(1, 3_000_000));
  digest.abandon();
  const other = new BodyDigest({});
  await other.update(bytesOf(2, 3_000_000));
  assert.equal(hex((await other.end()).md5), md5(bytesOf(2, 3_000_000)));
});

test('memory is handed over and freed only where it was said that it is used once, and never a part of one', async () => {
  const body = bytesOf(3, 3_000_000);
  const kept = new Uint8Array(body);
  const part = useOnce(kept.subarray(0, 100_000));
  const digest = new BodyDigest({});
  await digest.update(part);
  await digest.update(kept.subarray(100_000));
  assert.equal(hex((await digest.end()).md5), md5(body));
  assert.deepEqual(kept, new Uint8Array(body));
  freeUsed(kept);
  assert.equal(kept.length, body.length);
  const once = useOnce(new Uint8Array(body));
  const second = new BodyDigest({});
  await second.update(once);
  assert.equal(hex((await second.end()).md5), md5(body));
  assert.equal(once.length, 0);
});
