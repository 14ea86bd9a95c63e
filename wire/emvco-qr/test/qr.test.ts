import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qrLengthMax } from '../limits.ts';
import { type Pix, readPix, writePix } from '../pix.ts';
import { QrError, readQr, writeQr } from '../qr.ts';
import { readUpiLink, readUpiQr, type Upi, writeUpiLink, writeUpiQr } from '../upi.ts';

/** The example of the manual of Banco Central do Brasil. */
const example =
  '00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D';

test('the example of the central bank is read, and written the same', () => {
  const pix: Pix = { to: { key: '123e4567-e12b-12d1-a456-426655440000' }, name: 'Fulano de Tal', city: 'BRASILIA' };
  assert.deepEqual(readPix(example), pix);
  assert.equal(writePix(pix), example);
});

test('codes with amounts, words, charges and references are read as they were written', () => {
  const all: Pix[] = [
    { to: { key: '+5561912345678', words: 'two coffees' }, centavos: 1050, name: 'Cafe', city: 'SAO PAULO', transaction: 'PEDIDO42' },
    { to: { url: 'pix.example.com/qr/v2/9d36b84f-c70b-478f-b95c-12729b90ca25' }, centavos: 1, name: 'Loja', city: 'RIO' },
  ];
  for (const pix of all) assert.deepEqual(readPix(writePix(pix)), pix);
  assert.match(writePix(all[0]!), /540510\.50/);
  const upi: Upi[] = [
    { payee: 'shop.name@okbank', name: 'A & B Shop', paise: 10_005, reference: 'ORDER42' },
    { payee: 'a1@upi', name: 'A' },
  ];
  for (const one of upi) {
    assert.deepEqual(readUpiLink(writeUpiLink(one)), one);
    assert.deepEqual(readUpiQr(writeUpiQr({ ...one, city: 'Pune', category: '5411' })), one);
  }
  assert.equal(writeUpiLink(upi[0]!), 'upi://pay?pa=shop.name@okbank&pn=A%20%26%20B%20Shop&tr=ORDER42&am=100.05&cu=INR');
});

test('no character of a code can be changed, left out or doubled unseen', () => {
  for (let at = 0; at < example.length - 4; at += 1) {
    const other = example[at] === '7' ? '8' : '7';
    for (const text of [other, '', example[at]! + example[at]!])
      if (text !== example[at]) assert.throws(() => readQr(example.slice(0, at) + text + example.slice(at + 1)), QrError, `${at}`);
  }
});

test('what is wrong in a code with a right checksum is named by its place', () => {
  const of = (body: string) => {
    try {
      readQr(body + crc16(body));
    } catch (error) {
      assert.ok(error instanceof QrError, String(error));
      return error.message;
    }
    return 'read';
  };
  assert.equal(of('0002015802BR6304'), 'read');
  assert.match(of('00020159996304'), /^character 8: 59 says a length of 99, of which there are 8/);
  assert.match(of('00020159006304'), /^character 8: 59 says a length of 0/);
  assert.match(of('0002015802BR5802BR6304'), /^character 12: 58 is there twice/);
  assert.match(of('00020126050102x6304'), /^character \d+: 01 says a length of 2, of which there are 1/);
  assert.match(of('000201xx02BR6304'), /^character 6: an id and a length are due/);
  assert.match(of('5802BR6304'), /^character 0: the code does not begin with version 01/);
  assert.throws(() => readQr(''), /does not end with its checksum/);
  assert.throws(() => readQr('0'.repeat(qrLengthMax + 1)), /more than 512/);
});

test('what no code can say is refused before it is written', () => {
  const pix: Pix = { to: { key: 'k' }, name: 'N', city: 'C' };
  const wrong: Partial<Pix>[] = [
    { centavos: 0 },
    { centavos: 1.5 },
    { centavos: -1 },
    { centavos: 1e14 },
    { name: 'x'.repeat(26) },
    { name: 'São' },
    { city: '' },
    { transaction: 'a b' },
  ];
  for (const one of wrong) assert.throws(() => writePix({ ...pix, ...one }), QrError, JSON.stringify(one));
  for (const one of [{ payee: 'nobody' }, { paise: 0.5 }, { name: '' }, { reference: 'x' }])
    assert.throws(() => writeUpiLink({ payee: 'a1@upi', name: 'A', ...one }), QrError);
  assert.throws(() => writeQr({ '26': { '00': 'x'.repeat(99) } }), /1 to 99 characters/);
  assert.throws(() => writeQr({ x: '1' }), /is no id/);
  assert.throws(() => readUpiLink('https://pay'), QrError);
  assert.throws(() => readUpiLink('upi://pay?pa=a1@upi&pn=A&am=1e3'), QrError);
  assert.throws(() => readPix(writeUpiQr({ payee: 'a1@upi', name: 'A', city: 'Pune', category: '5411' })), /not one of PIX/);
});

/** CRC-16/CCITT-FALSE by long division, apart from the code's own. */
function crc16(text: string): string {
  const bits = [...Buffer.from(text)].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> (7 - bit)) & 1));
  let register = 0xffff;
  for (const bit of bits) {
    const isOut = ((register >> 15) & 1) !== bit;
    register = ((register << 1) & 0xffff) ^ (isOut ? 0x1021 : 0);
  }
  return register.toString(16).toUpperCase().padStart(4, '0');
}
