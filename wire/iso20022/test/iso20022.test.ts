import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iso20022Messages } from './fixture/message.ts';
import { type Iso20022Message, readIso20022, writeIso20022 } from '../document.ts';
import { iso20022MaxBytes } from '../limits.ts';
import { Iso20022Error } from '../violation.ts';

const texts = new Map(iso20022Messages.map((message) => [message.kind, writeIso20022(message)]));
const read = (text: string) => readIso20022(Buffer.from(text));

/** Why a message is refused in which something was replaced. */
function refusal(kind: Iso20022Message['kind'], from: string | RegExp, to: string): string {
  const text = texts.get(kind)!;
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, String(from));
  try {
    read(changed);
  } catch (error) {
    assert.ok(error instanceof Iso20022Error, String(error));
    return error.message;
  }
  return assert.fail('it was read');
}

test('every kind of message is read as it was written', () => {
  assert.equal(texts.size, 9);
  for (const message of iso20022Messages) assert.deepEqual(read(texts.get(message.kind)!), message);
});

test('elements that are not known are passed over, with prefixes and spaces between the others', () => {
  const text = texts.get('pacs.008')!;
  const other = text.replace('<ChrgBr>', '<InstdAmt Ccy="EUR">1</InstdAmt><ChrgBr>').replaceAll('><', '>\n  <');
  assert.deepEqual(
    read(other),
    iso20022Messages.find(({ kind }) => kind === 'pacs.008'),
  );
  const prefixed = text.replaceAll(/<(\/?)([A-Z])/g, '<$1x:$2').replace('xmlns=', 'xmlns:x=');
  assert.deepEqual(
    read(prefixed),
    iso20022Messages.find(({ kind }) => kind === 'pacs.008'),
  );
});

test('entities, document types and other documents are refused', () => {
  const bomb = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>';
  assert.throws(
    () => read(texts.get('pacs.008')!.replace('<Document', `${bomb}<Document`).replace('Invoice 42', '&b;')),
    /A document type is not allowed/,
  );
  assert.throws(() => read('<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>'), Iso20022Error);
  assert.match(refusal('pacs.008', 'Invoice 42', '&b;'), /entity/);
  assert.match(refusal('pacs.008', 'pacs.008.001.09', 'pacs.008.001.02'), /is no message that is read/);
  assert.match(refusal('pacs.008', 'pacs.008.001.09', 'pacs.003.001.08'), /FIToFICstmrDrctDbt alone is due/);
  assert.throws(() => read('<Document/>'), /Document of "" is no message/);
  assert.throws(() => read('<Document>'), Iso20022Error);
  assert.throws(() => read('<a>'.repeat(100)), /nested deeper/);
  assert.throws(() => readIso20022(Buffer.alloc(iso20022MaxBytes + 1, 32)), /longer than/);
});

test('what is wrong is named by its place in the schema', () => {
  assert.match(refusal('pacs.008', '<NbOfTxs>2', '<NbOfTxs>3'), /^GrpHdr\/NbOfTxs: is 3, and there are 2 transactions$/);
  assert.match(refusal('pacs.008', '<CtrlSum>150.50', '<CtrlSum>150.51'), /^GrpHdr\/CtrlSum: is 150.51, which the amounts do not come to$/);
  assert.match(refusal('pain.001', '<CtrlSum>150.50', '<CtrlSum>1'), /^PmtInf\[1\]\/CtrlSum/);
  assert.match(refusal('pain.001', 'DE8937', 'DE8837'), /^PmtInf\[1\]\/DbtrAcct\/Id\/IBAN: its check digits are wrong$/);
  assert.match(refusal('pacs.008', 'COBADEFFXXX', 'COBADE'), /^CdtTrfTxInf\[1\]\/DbtrAgt\/FinInstnId\/BICFI: "COBADE" is no BIC$/);
  assert.match(refusal('pacs.008', '>100.00<', '>-100.00<'), /^CdtTrfTxInf\[1\]\/IntrBkSttlmAmt: "-100.00" is no amount$/);
  for (const amount of ['1e5', '1,00', '', '0x1', ' 1', '1234567890123456'])
    assert.match(refusal('pacs.008', '>100.00<', `>${amount}<`), /is no amount/);
  assert.match(refusal('pacs.008', '>100.00<', '>100.005<'), /EUR has 2 decimals, no 3/);
  assert.match(refusal('pacs.008', 'Ccy="EUR">100.00<', 'Ccy="JPY">100.5<'), /JPY has 0 decimals, no 1/);
  assert.match(refusal('pacs.008', 'Ccy="EUR">100.00<', '>100.00<'), /has no currency/);
  assert.match(
    refusal('pacs.008', '<IntrBkSttlmDt>2026-11-27', '<IntrBkSttlmDt>2026-02-30'),
    /^GrpHdr\/IntrBkSttlmDt: "2026-02-30" is no date/,
  );
  assert.match(refusal('pacs.008', '<CreDtTm>2026-11-26T15', '<CreDtTm>2026-11-26T25'), /^GrpHdr\/CreDtTm: .* is no time/);
  assert.match(refusal('pacs.008', '<EndToEndId>E2E-1</EndToEndId>', ''), /^CdtTrfTxInf\[1\]\/PmtId\/EndToEndId: is missing$/);
  assert.match(
    refusal('pacs.008', /(<InstrId>.*?<\/InstrId>)(<EndToEndId>.*?<\/EndToEndId>)/, '$2$1'),
    /^CdtTrfTxInf\[1\]\/PmtId\/InstrId: stands in the wrong order$/,
  );
  assert.match(refusal('pacs.008', '<ChrgBr>SLEV</ChrgBr>', '<ChrgBr>SLEV</ChrgBr><ChrgBr>SLEV</ChrgBr>'), /ChrgBr: is there 2 times/);
  assert.match(refusal('pacs.008', '8a562c67', '8A562C67'), /is no UETR/);
  assert.match(refusal('pacs.008', 'Invoice 42', 'x'.repeat(141)), /RmtInf\/Ustrd: is longer than 140 characters/);
  assert.match(refusal('pacs.008', '<ChrgBr>SLEV', '<ChrgBr><a/>SLEV'), /holds elements where a value is due/);
  assert.match(refusal('camt.053', '<SubFmlyCd>ESCT</SubFmlyCd>', ''), /^Stmt\[1\]\/Ntry\[1\]\/BkTxCd: says no kind of transaction/);
});

test('what a message cannot say is refused before it is written', () => {
  const of = iso20022Messages.find((message) => message.kind === 'pacs.008')!;
  assert.ok(of.kind === 'pacs.008');
  const [first, second] = of.value.transfers;
  const written = (change: object) => () =>
    writeIso20022({ ...of, value: { ...of.value, transfers: [{ ...first!, ...change }, second!] } });
  assert.throws(written({ amount: { currency: 'EUR', minor: 100.5 } }), /CdtTrfTxInf\[1\]\/IntrBkSttlmAmt: 100.5 is no amount/);
  assert.throws(written({ remittance: '' }), /RmtInf\/Ustrd: is empty/);
  assert.throws(written({ debtorAccount: {} }), /DbtrAcct\/Id: has an IBAN or another number/);
  assert.throws(written({ debtorAgent: {} }), /DbtrAgt\/FinInstnId: names no bank/);
  assert.throws(written({ charges: undefined }), /CdtTrfTxInf\[1\]\/ChrgBr: is missing/);
  const yen = {
    ...of.value,
    header: { ...of.value.header, count: 1, sum: undefined, total: undefined },
    transfers: [{ ...first!, amount: { currency: 'JPY', minor: 100 } }],
  };
  assert.match(writeIso20022({ ...of, value: yen }), /<IntrBkSttlmAmt Ccy="JPY">100</);
  const fed = { debtorAgent: { system: 'USABA', member: '121042882' } };
  assert.match(
    written(fed)(),
    /<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA<\/Cd><\/ClrSysId><MmbId>121042882<\/MmbId><\/ClrSysMmbId><\/FinInstnId>/,
  );
});
