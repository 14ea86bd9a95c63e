import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTlv, readTlv, writeTlv } from '#wire/iso8583/emv.ts';
import { aesInitialKey, aesPinKey, aesSerial } from '../engine/card/aes-dukpt.ts';
import { chipData, isOfIssuer, issuerData, provenChip, zoneKey } from '../engine/card/chip.ts';
import { answerCryptogram, cardKey, cryptogram, sessionKey } from '../engine/card/cryptogram.ts';
import { decipher, encipher } from '../engine/card/des.ts';
import { initialKey, pinKey } from '../engine/card/dukpt.ts';
import { pinBlock, pinIn } from '../engine/card/pin.ts';
import { aesPinBlock, aesPinIn } from '../engine/card/pin-aes.ts';
import { Terminal, translated } from '../engine/card/terminal.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const number = '4242424242424242';

test('ANSI X9.24-1, A.4: keys of PINs and blocks are those of the published example', () => {
  const initial = initialKey(hex('0123456789abcdeffedcba9876543210'), hex('ffff9876543210e00000'));
  assert.equal(initial.toString('hex'), '6ac292faa1315b4d858ab3a3d7d5933a');
  assert.equal(pinBlock('1234', '4012345678909').toString('hex'), '041274edcba9876f');
  const blocks = [
    ['ffff9876543210e00001', '1b9c1845eb993a7a'],
    ['ffff9876543210e00002', '10a01c8d02c69107'],
    ['ffff9876543210e00003', '18dc07b94797b466'],
  ] as const;
  for (const [serial, block] of blocks)
    assert.equal(encipher(pinKey(initial, hex(serial)), pinBlock('1234', '4012345678909')).toString('hex'), block, serial);
});

test('ISO 9564, format 0: a PIN comes back out of its block with its own card alone', () => {
  for (const pin of ['1234', '000000', '123456789012']) assert.equal(pinIn(pinBlock(pin, number), number), pin);
  assert.notEqual(pinIn(pinBlock('1234', number), '5555555555554444'), '1234');
  assert.equal(pinIn(Buffer.alloc(8, 0xff), number), undefined);
  assert.throws(() => pinBlock('123', number), /4 to 12 digits/);
});

test('ANSI X9.24-3: keys of PINs of AES are those of the published example, and blocks of format 4 are read by their own card alone', () => {
  const device = hex('1234567890123456');
  const initial = aesInitialKey(hex('fedcba9876543210f1f1f1f1f1f1f1f1'), aesSerial(device, 0));
  assert.equal(initial.toString('hex'), '1273671ea26ac29afa4d1084127652a1');
  const first = aesPinKey(initial, aesSerial(device, 1));
  assert.equal(first.toString('hex'), 'af8cb133a78f8dc2d1359f18527593fb');
  assert.equal(aesPinKey(initial, aesSerial(device, 2)).toString('hex'), 'd30bdc73ec9714b000bec66bdb7b6d09');
  const block = aesPinBlock(first, '1234', '4111111111111111');
  assert.notDeepEqual(aesPinBlock(first, '1234', '4111111111111111'), block);
  assert.equal(aesPinIn(first, block, '4111111111111111'), '1234');
  assert.equal(aesPinIn(first, block, '5555555555554444'), undefined);
  assert.equal(aesPinIn(aesPinKey(initial, aesSerial(device, 3)), block, '4111111111111111'), undefined);
  // A block that psec (PyPI) made.
  assert.equal(aesPinIn(first, hex('6a85566142c28ccf6676da525c6ba107'), '378282246310005'), '123456789012');
  assert.throws(() => aesPinBlock(first, '123', number), /4 to 12 digits/);
});

test('a PIN that was typed at a reader without contact reaches the issuer in a block of format 0, and no other card has it', () => {
  const said = new Terminal().present({ number, brand: 'visa', amount: 700, currency: 'eur', entry: 'contactless', pin: '1234' });
  assert.ok(said?.pin?.length === 32 && said.serial?.length === 24);
  assert.equal(pinIn(decipher(zoneKey, translated(said.pin, said.serial, number)), number), '1234');
  const other = '5555555555554444';
  assert.equal(pinIn(decipher(zoneKey, translated(said.pin, said.serial, other)), other), undefined);
});

test('keys of cards and transactions have odd parity and differ, and so does every cryptogram', () => {
  const card = cardKey(hex('0123456789abcdeffedcba9876543210'), number, '01');
  const session = sessionKey(card, hex('0001'));
  const isOdd = (key: Buffer) => key.every((byte) => byte.toString(2).replaceAll('0', '').length % 2 === 1);
  assert.ok(isOdd(card) && isOdd(session));
  assert.notDeepEqual(session, sessionKey(card, hex('0002')));
  const proof = cryptogram(session, Buffer.from('a purchase'));
  assert.notDeepEqual(proof, cryptogram(session, Buffer.from('a purchasf')));
  assert.notDeepEqual(answerCryptogram(session, proof, '00'), answerCryptogram(session, proof, '05'));
});

test('an issuer believes a chip of its own about one amount, and the card its issuer', () => {
  const said = new Terminal().present({ number, brand: 'visa', amount: 1250, currency: 'eur', entry: 'chip', pin: '1234' });
  assert.ok(said?.pin !== undefined && said.serial !== undefined);
  const field = hex(said.chip);
  const asked = { number, amount: '1250', currency: 'EUR' };
  assert.equal(typeof provenChip(field, asked), 'string');
  assert.equal(provenChip(field, { ...asked, amount: '1251' }), undefined);
  assert.equal(provenChip(field, { ...asked, currency: 'USD' }), undefined);
  assert.equal(provenChip(field, { ...asked, number: '5555555555554444' }), undefined);
  for (const tag of ['9F26', '9F36', '9F37', '82', '95']) {
    const other = readTlv(field).map((each) =>
      each.tag === tag ? { tag, value: (each.value as Uint8Array).map((byte) => byte ^ 1) } : each,
    );
    assert.equal(provenChip(writeTlv(other), asked), undefined, tag);
  }
  assert.equal(provenChip(Buffer.alloc(0), asked), undefined);
  assert.equal(pinIn(decipher(zoneKey, translated(said.pin, said.serial, number)), number), '1234');
  const answer = issuerData(field, number, '00');
  assert.ok(isOfIssuer(answer, field, number));
  assert.equal(Buffer.from(findTlv(readTlv(answer), '8A') ?? []).toString(), '00');
  const lied = readTlv(answer).map((each) => (each.tag === '8A' ? { tag: '8A', value: Buffer.from('05') } : each));
  assert.ok(!isOfIssuer(writeTlv(lied), field, number));
  assert.equal(new Terminal().present({ number, brand: 'visa', amount: 1, currency: 'xaf', entry: 'chip', pin: undefined }), undefined);
  assert.notEqual(chipData(number, { '9F36': '0001' }).toString('hex'), chipData(number, { '9F36': '0002' }).toString('hex'));
});
