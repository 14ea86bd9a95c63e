import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { decryptPinBlock, encryptPinBlock, initialKey, transactionKey } from '../dukpt.ts';
import { readPinBlock, writePinBlock } from '../pin-block.ts';
import { PinError } from '../violation.ts';

const base = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const serial = (end: string) => Buffer.from(`FFFF9876543210${end}`, 'hex');
const hex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();
const pan = '4012345678909';

test('the keys and PIN blocks of the examples of X9.24 come out', () => {
  const initial = initialKey(base, serial('E00000'));
  assert.equal(hex(initial), '6AC292FAA1315B4D858AB3A3D7D5933A');
  assert.equal(hex(transactionKey(initial, serial('E00001'))), '042666B49184CFA368DE9628D0397BC9');
  assert.equal(hex(transactionKey(initial, serial('E00002'))), 'C46551CEF9FD24B0AA9AD834130D3BC7');
  assert.equal(hex(transactionKey(initial, serial('E00003'))), '0DF3D9422ACA56E547676D07AD6BADFA');
  const block = writePinBlock(0, '1234', pan, randomInt);
  assert.equal(hex(block), '041274EDCBA9876F');
  const sealed = [
    ['E00001', '1B9C1845EB993A7A'],
    ['E00002', '10A01C8D02C69107'],
    ['E00003', '18DC07B94797B466'],
  ] as const;
  for (const [end, wanted] of sealed) {
    assert.equal(hex(encryptPinBlock(base, serial(end), block)), wanted);
    assert.equal(readPinBlock(decryptPinBlock(base, serial(end), Buffer.from(wanted, 'hex')), pan), '1234');
  }
});

test('every transaction has a key of its own, which says nothing of the others', () => {
  const initial = initialKey(base, serial('E00000'));
  const keys = Array.from({ length: 600 }, (_, index) => hex(transactionKey(initial, serial((0xe00001 + index).toString(16)))));
  assert.equal(new Set(keys).size, keys.length);
});

test('PIN blocks of all formats are read back, for every length of PIN', () => {
  for (const format of [0, 1, 3] as const)
    for (let length = 4; length <= 12; length += 1) {
      const pin = '123456789012'.slice(0, length);
      const block = writePinBlock(format, pin, '6200000000000000005', randomInt);
      assert.equal(readPinBlock(block, '6200000000000000005'), pin);
    }
  assert.throws(() => readPinBlock(writePinBlock(0, '1234', '6200000000000000005', randomInt), '4242424242424242'), PinError);
  assert.equal(
    hex(writePinBlock(3, '1234', pan, () => 0)),
    hex(Buffer.from('341234aaaaaaaaaa', 'hex').map((byte, index) => byte ^ Buffer.from('0000401234567890', 'hex')[index]!) as Buffer),
  );
});

test('what is no PIN, block, key or serial number is refused, and no refusal says a PIN', () => {
  const refused = (step: () => unknown, words: RegExp) =>
    assert.throws(step, (error) => error instanceof PinError && words.test(error.message) && !error.message.includes('9876'));
  refused(() => writePinBlock(0, '987', pan, randomInt), /4 to 12 digits/);
  refused(() => writePinBlock(0, '9876x', pan, randomInt), /4 to 12 digits/);
  refused(() => writePinBlock(0, '9876', '42', randomInt), /13 to 19 digits/);
  refused(() => readPinBlock(Buffer.alloc(7), pan), /8 bytes/);
  refused(() => readPinBlock(Buffer.alloc(8, 0x22), pan), /2 is no format/);
  refused(() => readPinBlock(writePinBlock(0, '9876', pan, randomInt), '4242424242424242'), /another card/);
  refused(() => initialKey(base.subarray(1), serial('E00000')), /16 bytes/);
  refused(() => transactionKey(base, serial('E000')), /10 bytes/);
  refused(() => transactionKey(base, serial('E00000')), /counter .* is 0/);
  refused(() => transactionKey(base, serial('FFFFFF')), /more than 10 bits/);
});
