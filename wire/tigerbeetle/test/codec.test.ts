import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checksum, checksumByTable } from '../aegis.ts';
import {
  bodyIsWhole,
  headerIsWhole,
  readClientMessage,
  readServerMessage,
  releaseOf,
  writeEviction,
  writePong,
  writeReply,
  writeRequest,
} from '../header.ts';
import { readTrailer, trailerBytes, writeTrailer } from '../multi-batch.ts';
import { readAccount, readTransfer, writeAccount, writeTransfer } from '../record.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const u128 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u16 = fc.integer({ min: 0, max: 65_535 });

test("the checksum of nothing and of sixteen zeros are the reference's", () => {
  assert.equal(hex(checksum(new Uint8Array())), '83cc600dc4e3e7e62d4055826174f149');
  assert.equal(hex(checksum(new Uint8Array(16))), 'f72ad48dd05dd1656133101cd4be3a26');
});

test('the checksum does not depend on where bytes lie in memory', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 7 }), (bytes, shift) => {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      assert.equal(hex(checksum(moved.subarray(shift))), hex(checksum(bytes)));
    }),
  );
});

test('a request is read as it was written', () => {
  const fields = fc.record({
    cluster: u128,
    client: fc.bigInt({ min: 1n, max: 2n ** 128n - 1n }),
    parent: u128,
    session: u64,
    number: u32,
    operation: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(
    fc.property(fields, fc.uint8Array({ maxLength: 200 }), (asked, body) => {
      const message = writeRequest({ ...asked, release: releaseOf(0, 17, 9), body });
      assert.ok(headerIsWhole(message, 0) && bodyIsWhole(message, 0, message.length));
      const read = readClientMessage(message.subarray(0, 256));
      assert.equal(read?.kind, 'request');
      for (const [name, value] of Object.entries(asked)) assert.equal(read?.[name as 'number'], value);
    }),
  );
});

test('one turned bit of a message is seen', () => {
  const message = writeRequest({
    cluster: 1n,
    client: 2n,
    parent: 3n,
    session: 4n,
    number: 5,
    operation: 146,
    release: 1,
    body: Buffer.alloc(128, 7),
  });
  for (let bit = 0; bit < message.length * 8; bit += 1) {
    message[bit >> 3]! ^= 1 << (bit & 7);
    const isPadding = bit >= 128 && bit < 256;
    assert.equal(
      headerIsWhole(message, 0) && bodyIsWhole(message, 0, message.length),
      false,
      `bit ${bit}${isPadding ? ' of the padding' : ''}`,
    );
    message[bit >> 3]! ^= 1 << (bit & 7);
  }
});

test('what the ledger says is read as it was written', () => {
  const reply = {
    cluster: 1n,
    release: 2,
    client: 3n,
    request: 4n,
    op: 5n,
    timestamp: 6n,
    number: 7,
    operation: 146,
    body: Buffer.alloc(16, 1),
  };
  const message = writeReply(reply);
  assert.ok(headerIsWhole(message, 0) && bodyIsWhole(message, 0, message.length));
  const { body, ...head } = reply;
  assert.partialDeepStrictEqual(readServerMessage(message), { kind: 'reply', ...head });
  assert.equal(message.subarray(256).equals(body), true);
  assert.deepEqual(readServerMessage(writePong({ cluster: 1n, release: 2, pingTime: 9n })), { kind: 'pong', pingTime: 9n });
  assert.deepEqual(readServerMessage(writeEviction({ cluster: 1n, release: 2, client: 3n, reason: 4 })), {
    kind: 'eviction',
    client: 3n,
    reason: 4,
  });
});

test('batches of a body are read as they were written, and no cut of it is', () => {
  const size = fc.constantFrom(8, 16, 64, 128);
  fc.assert(
    fc.property(size, fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 70 }), (elementBytes, counts) => {
      const payload = counts.reduce((sum, count) => sum + count, 0) * elementBytes;
      const body = Buffer.alloc(payload + trailerBytes(elementBytes, counts.length));
      assert.equal(writeTrailer(body, payload, elementBytes, counts), body.length);
      assert.deepEqual(readTrailer(body, elementBytes), counts);
      assert.equal(readTrailer(body.subarray(0, body.length - 2), elementBytes), undefined);
    }),
  );
  assert.equal(readTrailer(Buffer.alloc(0), 128), undefined);
  assert.equal(readTrailer(Buffer.alloc(128), 128), undefined);
  assert.equal(readTrailer(Buffer.alloc(128, 0xff), 128), undefined);
});

test('accounts and transfers are read as they were written', () => {
  const user = { userData128: u128, userData64: u64, userData32: u32, ledger: u32, code: u16, flags: u16, timestamp: u64 };
  const account = fc.record({
    id: u128,
    debitsPending: u128,
    debitsPosted: u128,
    creditsPending: u128,
    creditsPosted: u128,
    reserved: u32,
    ...user,
  });
  const transfer = fc.record({
    id: u128,
    debitAccountId: u128,
    creditAccountId: u128,
    amount: u128,
    pendingId: u128,
    timeout: u32,
    ...user,
  });
  fc.assert(fc.property(account, (row) => assert.deepEqual(readAccount(writeAccount(row)), { ...row })));
  fc.assert(fc.property(transfer, (row) => assert.deepEqual(readTransfer(writeTransfer(row)), { ...row })));
});

test('the checksum by vectors and the one by tables are the same', () => {
  const table = new Uint8Array(16);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      checksumByTable(table, 0, bytes, 0, bytes.length);
      assert.equal(hex(checksum(bytes)), hex(table));
    }),
  );
});
