import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '#wire/checksum/crc32c.ts';
import { codeMatrix, invertMatrix, multiply } from '../engine/galois.ts';
import { unitMaxBytes } from '../engine/limits.ts';
import { type Coder, dataShards, newCoder, parityShards, shards, type Stripe } from '../engine/stripe.ts';
import { bytesOf } from './fixtures/shelf.ts';

const forms = ['relaxed', 'strict'] as const;

/** Parity as the definition says it, byte by byte. */
function plainParity(data: readonly Uint8Array[]): Uint8Array[] {
  return codeMatrix(dataShards, parityShards)
    .slice(dataShards)
    .map((row) => data[0]!.map((_, at) => data.reduce((sum, shard, input) => sum ^ multiply(row[input]!, shard[at]!), 0)));
}

function fill(coder: Coder, stripe: Stripe, unit: number, seed: number): Uint8Array[] {
  for (let shard = 0; shard < dataShards; shard++) coder.unit(stripe, shard, unit).set(bytesOf(seed + shard, unit));
  coder.encode(stripe, unit);
  return Array.from({ length: shards }, (_, shard) => coder.unit(stripe, shard, unit).slice());
}

for (const form of forms) {
  test(`the ${form} kernel makes the parity that the plain arithmetic makes, for units of any length`, async () => {
    const coder = await newCoder(form);
    const stripe = await coder.borrow();
    for (const unit of [64, 128, 4096, 87_424, unitMaxBytes]) {
      const made = fill(coder, stripe, unit, unit);
      const sample = Math.min(unit, 4096);
      const plain = plainParity(made.slice(0, dataShards).map((shard) => shard.subarray(unit - sample)));
      plain.forEach((parity, row) => assert.deepEqual(made[dataShards + row]!.subarray(unit - sample), parity));
    }
  });

  test(`the ${form} kernel makes any four lost shards again from the twelve that are left`, async () => {
    const coder = await newCoder(form);
    const stripe = await coder.borrow();
    const losses = fc.uniqueArray(fc.integer({ min: 0, max: shards - 1 }), { minLength: 1, maxLength: parityShards });
    fc.assert(
      fc.property(losses, fc.integer({ min: 1, max: 40 }), fc.nat(1e6), (lost, blocks, seed) => {
        const unit = blocks * 64;
        const all = fill(coder, stripe, unit, seed);
        for (const shard of lost) coder.unit(stripe, shard, unit).fill(0xaa);
        const present = Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !lost.includes(shard));
        coder.reconstruct(stripe, unit, present, lost);
        for (const shard of lost) assert.deepEqual(coder.unit(stripe, shard, unit).slice(), all[shard]);
      }),
      { numRuns: 200 },
    );
  });

  test(`the ${form} kernel sums CRC-32C as the plain code does, in one piece or many`, async () => {
    const { kernel } = await newCoder(form);
    assert.equal(kernel.crc(Buffer.from('123456789'.repeat(100))), crc32c(Buffer.from('123456789'.repeat(100))));
    for (const length of [0, 1, 511, 512, 513, 65_536, 65_551, 200_003]) {
      const bytes = bytesOf(length, length);
      assert.equal(kernel.crc(bytes), crc32c(bytes));
      assert.equal(kernel.crc(bytes.subarray(1000), kernel.crc(bytes.subarray(0, 1000))), crc32c(bytes));
    }
  });
}

test('any twelve rows of the code can be inverted', () => {
  const matrix = codeMatrix(dataShards, parityShards);
  const choose = (from: number, left: number): number[][] =>
    left === 0
      ? [[]]
      : Array.from({ length: shards - from }, (_, at) => from + at).flatMap((row) =>
          choose(row + 1, left - 1).map((rest) => [row, ...rest]),
        );
  const lost = choose(0, parityShards);
  assert.equal(lost.length, 1820);
  for (const rows of lost) assert.ok(invertMatrix(matrix.filter((_, row) => !rows.includes(row))));
});

test('who wants a stripe while all are lent waits for one that comes back', async () => {
  const coder = await newCoder();
  const lent: Stripe[] = [];
  for (let next = coder.borrow(); !(next instanceof Promise); next = coder.borrow()) lent.push(next);
  const waiting = Promise.resolve(coder.borrow());
  // The loop above left one who waits already.
  coder.giveBack(lent[0]!);
  coder.giveBack(lent[1]!);
  assert.equal(await waiting, lent[1]);
});
