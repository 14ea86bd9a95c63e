import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChecksumAlgorithm, checksumLength, startChecksum } from '../checksum.ts';
import { combineChecksum, type LinearChecksum } from '../combine.ts';

const published: Record<ChecksumAlgorithm, string> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};
const algorithms = Object.keys(published) as ChecksumAlgorithm[];
const linear: LinearChecksum[] = ['CRC32', 'CRC32C', 'CRC64NVME'];

function of(algorithm: ChecksumAlgorithm, ...pieces: Uint8Array[]): Buffer {
  const running = startChecksum(algorithm);
  for (const piece of pieces) running.update(piece);
  return running.digest();
}

/** The definition, bit by bit. */
function slowCrc64(bytes: Uint8Array): string {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  return (crc ^ 0xffffffffffffffffn).toString(16).padStart(16, '0');
}

test('every checksum of 123456789 is the published one, of the published length', () => {
  for (const algorithm of algorithms) {
    const digest = of(algorithm, Buffer.from('123456789'));
    assert.equal(digest.toString('hex'), published[algorithm], algorithm);
    assert.equal(digest.length, checksumLength[algorithm]);
  }
});

test('CRC-64/NVME by slices equals the definition bit by bit at every length and offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(of('CRC64NVME', bytes).toString('hex'), slowCrc64(bytes));
    }),
  );
});

test('a checksum does not depend on how the bytes are cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...algorithms), fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (algorithm, a, b) => {
      assert.deepEqual(of(algorithm, a, b), of(algorithm, Buffer.concat([a, b])));
    }),
  );
});

test('combined checksums of two parts equal the checksum of the whole', () => {
  fc.assert(
    fc.property(fc.constantFrom(...linear), fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 5000 }), (algorithm, a, b) => {
      assert.deepEqual(combineChecksum(algorithm, of(algorithm, a), of(algorithm, b), b.length), of(algorithm, Buffer.concat([a, b])));
    }),
  );
});
