import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Boleto, boletoBarcode, boletoLine, readBoleto } from '../boleto.ts';
import { oxxoReference, readOxxoReference } from '../oxxo.ts';
import { VoucherError } from '../violation.ts';

const today = new Date('2026-11-26T00:00:00Z');

test('a boleto of Banco do Brasil has the digits that the bank publishes', () => {
  const boleto = readBoleto('00190.50095 40144.816069 06809.350314 3 37370000000100', new Date('2008-01-01T00:00:00Z'));
  assert.deepEqual(boleto, { bank: '001', due: '2007-12-31', centavos: 100, free: '0500940144816060680935031' });
  assert.equal(boletoLine(boleto), '00190500954014481606906809350314337370000000100');
  assert.equal(boletoBarcode(boleto), '00193373700000001000500940144816060680935031');
});

test('boletos are read as they were written, in both forms, on both sides of the day the count began again', () => {
  const free = '1234567890123456789012345';
  for (const due of ['2025-02-21', '2025-02-22', '2026-12-31', '2030-06-01', undefined]) {
    const boleto: Boleto = { bank: '341', ...(due === undefined ? {} : { due }), centavos: 9_999_999_999, free };
    assert.deepEqual(readBoleto(boletoBarcode(boleto), today), boleto);
    assert.deepEqual(readBoleto(boletoLine(boleto), today), boleto);
  }
  assert.equal(boletoBarcode({ bank: '001', due: '2025-02-21', centavos: 0, free }).slice(5, 9), '9999');
  assert.equal(boletoBarcode({ bank: '001', due: '2025-02-22', centavos: 0, free }).slice(5, 9), '1000');
});

test('no digit of what is typed can be mistaken for another unseen', () => {
  const line = boletoLine({ bank: '341', due: '2026-12-01', centavos: 12_345, free: '1234567890123456789012345' });
  for (let at = 0; at < line.length; at += 1)
    for (let digit = 0; digit < 10; digit += 1)
      if (String(digit) !== line[at]) {
        const typed = line.slice(0, at) + digit + line.slice(at + 1);
        // Modulus 11 has one digit for three remainders: two mistakes in a hundred of amounts and days pass, by the banks' own rule.
        if (at < 32) assert.throws(() => readBoleto(typed, today), VoucherError, `${at} ${digit}`);
      }
  const reference = oxxoReference('93', 42);
  assert.equal(readOxxoReference(`${reference.slice(0, 4)} ${reference.slice(4)}`, '93'), 42);
  for (let at = 0; at < reference.length; at += 1)
    for (let digit = 0; digit < 10; digit += 1)
      if (String(digit) !== reference[at])
        assert.throws(() => readOxxoReference(reference.slice(0, at) + digit + reference.slice(at + 1), '93'), VoucherError);
});

test('what is no voucher is refused', () => {
  const boleto: Boleto = { bank: '341', due: '2026-12-01', centavos: 1, free: '1'.repeat(25) };
  const wrong = [
    { bank: '34' },
    { centavos: 0.5 },
    { centavos: -1 },
    { centavos: 1e10 },
    { free: '1' },
    { due: '1990-01-01' },
    { due: '2026-13-01' },
    { due: '2099-01-01' },
  ];
  for (const one of wrong) assert.throws(() => boletoBarcode({ ...boleto, ...one }), VoucherError, JSON.stringify(one));
  for (const text of ['', '1', 'x'.repeat(44), '0'.repeat(44), '0'.repeat(47)]) assert.throws(() => readBoleto(text, today), VoucherError);
  assert.throws(() => oxxoReference('x', 1), VoucherError);
  assert.throws(() => oxxoReference('93', 1e13), VoucherError);
  assert.throws(() => readOxxoReference('123', '93'), VoucherError);
  assert.throws(() => readOxxoReference(oxxoReference('93', 1), '94'), /another issuer/);
});
