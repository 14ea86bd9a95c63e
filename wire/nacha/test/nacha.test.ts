import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, checkDigit, returned } from '../code.ts';
import type { Batch, Entry, NachaFile } from '../file.ts';
import { addendaMax, nachaMaxBytes } from '../limits.ts';
import { readNacha } from '../read.ts';
import { NachaError } from '../violation.ts';
import { writeNacha } from '../write.ts';

const entry: Entry = {
  ...{
    code: '27',
    routing: '231380104',
    account: '12345678',
    cents: 100_000_000,
    identification: 'order 1',
    name: 'Receiver Account Name',
  },
  ...{ discretionary: '', trace: '121042880000001', addenda: [] },
};
const batch: Batch = {
  ...{ serviceClass: '225', company: 'A shop', discretionary: '', companyId: '121042882', entryClass: 'PPD', description: 'PAYMENT' },
  ...{
    descriptiveDate: '',
    effectiveDate: '261127',
    settlementDate: '',
    originatorStatus: '1',
    originator: '12104288',
    number: 1,
    entries: [entry],
  },
};
const file: NachaFile = {
  ...{ destination: '031300012', origin: '231380104', date: '261126', time: '1530', modifier: 'A' },
  ...{ destinationName: 'Federal Reserve Bank', originName: 'My Bank', reference: '', batches: [batch] },
};
const credit: Entry = {
  ...entry,
  code: '32',
  cents: 5050,
  discretionary: 'S',
  trace: '121042880000002',
  addenda: [{ type: '05', text: 'for order 2' }],
};
const corporate: Entry = {
  ...{ ...entry, code: '22', name: 'Receiving Co', trace: '121042880000003' },
  addenda: Array.from({ length: 12 }, (_, index) => ({ type: '05', text: `RMR*IV*${index}**10.00\\` }) as const),
};
const every: NachaFile = {
  ...file,
  batches: [
    { ...batch, entries: [entry, { ...entry, code: '28', cents: 0, trace: '121042880000009' }] },
    { ...batch, serviceClass: '220', entryClass: 'WEB', number: 2, entries: [credit] },
    {
      ...batch,
      serviceClass: '200',
      entryClass: 'CCD',
      number: 3,
      entries: [
        { ...credit, addenda: [] },
        { ...entry, trace: '121042880000004' },
      ],
    },
    { ...batch, serviceClass: '220', entryClass: 'CTX', number: 4, entries: [corporate] },
    { ...batch, number: 5, originator: '23138010', entries: [returned(entry, 'R01', { trace: '231380100000001', sender: '121042882' })] },
    {
      ...batch,
      entryClass: 'COR',
      number: 6,
      originator: '23138010',
      entries: [changed(entry, 'C01', '1918171614', { trace: '231380100000002', sender: '121042882' })],
    },
    {
      ...batch,
      serviceClass: '220',
      entryClass: 'CTX',
      number: 7,
      originator: '23138010',
      entries: [returned(corporate, 'R03', { trace: '231380100000003', sender: '121042882' }, 'gone')],
    },
  ],
};

/** The refusal of a file in which one line was changed. */
function refusal(lines: string[], change: (lines: string[]) => void): string {
  const changed = [...lines];
  change(changed);
  try {
    readNacha(`${changed.join('\n')}\n`);
  } catch (error) {
    assert.ok(error instanceof NachaError, String(error));
    return error.message;
  }
  return assert.fail('it was read');
}

const put = (text: string, at: number, value: string): string => text.slice(0, at - 1) + value + text.slice(at - 1 + value.length);

test('a file is written as the rules lay it out', () => {
  assert.deepEqual(writeNacha(file).split('\n'), [
    '101 031300012 2313801042611261530A094101Federal Reserve Bank   My Bank                        ',
    '5225A shop                              121042882 PPDPAYMENT         261127   1121042880000001',
    '62723138010412345678         0100000000order 1        Receiver Account Name   0121042880000001',
    '82250000010023138010000100000000000000000000121042882                          121042880000001',
    '9000001000001000000010023138010000100000000000000000000                                       ',
    ...Array.from({ length: 5 }, () => '9'.repeat(94)),
    '',
  ]);
});

test('every kind of entry is read as it was written: with line ends of both kinds, and without', () => {
  const text = writeNacha(every);
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length % 10, 0);
  for (const form of [text, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '')]) assert.deepEqual(readNacha(form), every);
  assert.deepEqual(readNacha(writeNacha({ ...file, batches: [] })).batches, []);
  // The hash is of ten digits, whatever the sum.
  const many = Array.from({ length: 500 }, (_, index) => ({ ...entry, cents: 1, trace: `12104288${String(index + 1).padStart(7, '0')}` }));
  const large = writeNacha({ ...file, batches: [{ ...batch, entries: many }] });
  assert.match(large, new RegExp(`^8225000500${String((23_138_010 * 500) % 1e10).padStart(10, '0')}`, 'm'));
  assert.equal(readNacha(large).batches[0]!.entries.length, 500);
});

test('what is wrong is named with its line and field', () => {
  const lines = writeNacha(every).trimEnd().split('\n');
  const control = lines.findIndex((line) => line.startsWith('8'));
  const end = lines.findIndex((line) => line.startsWith('9'));
  const web = lines.findIndex((line) => line.startsWith('632'));
  const back = lines.findIndex((line) => line.startsWith('799R01'));
  const change = lines.findIndex((line) => line.startsWith('798'));
  const set = (line: number, at: number, value: string) => refusal(lines, (all) => (all[line] = put(all[line]!, at, value)));
  assert.match(set(control, 11, '0000000001'), /^line 5, entry hash: is 1, and the records make 46276020$/);
  assert.match(set(control, 5, '000009'), /^line 5, entry\/addenda count: is 9, and the records make 2/);
  assert.match(set(control, 21, '000000000001'), /^line 5, total debit entry dollar amount/);
  assert.match(set(control, 88, '0000009'), /^line 5, batch number: is 0000009, and 0000001 is due/);
  assert.match(set(control, 45, '999'), /^line 5, company identification/);
  assert.match(set(end, 22, '9999999999'), new RegExp(`^line ${end + 1}, entry hash`));
  assert.match(set(end, 8, '000099'), new RegExp(`^line ${end + 1}, block count`));
  assert.match(set(2, 12, '5'), /^line 3, check digit: is 5, and 4 belongs to 23138010/);
  assert.match(set(2, 2, '25'), /^line 3, transaction code: 25 is no transaction code/);
  assert.match(set(2, 2, '22'), /^line 3, transaction code: a credit stands in a batch of debits/);
  assert.match(set(2, 30, '00000x0000'), /^line 3, amount: "00000x0000" is no number of 10 digits/);
  assert.match(set(2, 30, '0000000000'), /^line 3, amount: is zero/);
  assert.match(set(2, 80, '999999990000001'), /^line 3, trace number/);
  assert.match(set(3, 80, '121042880000001'), /^line 4, trace number: 121042880000001 does not rise/);
  assert.match(set(2, 79, '1'), /^line 3, addenda record indicator: is 1, and 0 addenda follow/);
  assert.match(set(2, 1, '7'), /^line 3, record type code: is 7 where an entry is due/);
  assert.match(set(web, 77, ' '), new RegExp(`^line ${web + 1}, discretionary data`));
  assert.match(set(web + 1, 84, '0002'), new RegExp(`^line ${web + 2}, addenda sequence number`));
  assert.match(set(web + 1, 2, '77'), new RegExp(`^line ${web + 2}, addenda type code`));
  assert.match(set(back, 4, 'R99'), new RegExp(`^line ${back + 1}, return reason code: R99`));
  assert.match(set(change, 4, 'C92'), new RegExp(`^line ${change + 1}, change code: C92`));
  assert.match(set(1, 51, 'IAT'), /^line 2, standard entry class code: IAT is none of/);
  assert.match(set(1, 2, '280'), /^line 2, service class code/);
  assert.match(set(0, 35, '095'), /^line 1, record size: is 095, and 094 is due/);
  assert.match(set(0, 41, '\t'), /^line 1, record: its character 41 is no printable ASCII/);
  assert.match(
    refusal(lines, (all) => (all[2] = all[2]!.trimEnd() + ' ')),
    /^line 3, record: has 95 characters, not 94/,
  );
  assert.match(
    refusal(lines, (all) => all.splice(end)),
    /^line \d+, record type code: the file ends where a batch header or the file control is due/,
  );
  assert.match(
    refusal(lines, (all) => all.push('8'.repeat(94))),
    new RegExp(`^line ${end + 1}, block count`),
  );
  const short = writeNacha(file).trimEnd().split('\n').slice(0, 5);
  assert.match(
    refusal(short, () => undefined),
    /^line 5, filling: the file has 5 records, no whole number of blocks of 10/,
  );
  assert.throws(() => readNacha(' '.repeat(nachaMaxBytes + 1)), /longer than/);
  assert.throws(() => readNacha(''), /line 1, record type code: the file ends where the file header is due/);
});

test('no file is read after any one of its characters was changed into another digit, except where it says nothing', () => {
  const lines = writeNacha({ ...file, batches: [{ ...batch, entries: [entry] }] })
    .trimEnd()
    .split('\n');
  const free = new Set<string>();
  for (const [line, text] of lines.entries())
    for (let at = 1; at <= 94; at += 1) {
      const other = text[at - 1] === '7' ? '3' : '7';
      const changed = lines.map((one, index) => (index === line ? put(one, at, other) : one)).join('\n');
      try {
        assert.notDeepEqual(readNacha(changed), file, `line ${line + 1}, ${at}`);
        free.add(`${line + 1}`);
      } catch (error) {
        if (error instanceof assert.AssertionError) {
          // Only what is reserved may differ unseen: in the controls alone.
          assert.match(error.message, /line (4|5), /);
          continue;
        }
        assert.ok(error instanceof NachaError, String(error));
      }
    }
  // Names, dates and accounts are not summed up by anything.
  assert.deepEqual([...free].sort(), ['1', '2', '3']);
});

test('what cannot be said in a file is refused before it is written', () => {
  const written =
    (one: Partial<Entry>, of: Partial<Batch> = {}) =>
    () =>
      writeNacha({ ...file, batches: [{ ...batch, ...of, entries: [{ ...entry, ...one }] }] });
  assert.throws(written({ cents: 1.5 }), /^NachaError: amount: 1.5 is no amount/);
  assert.throws(written({ cents: -1 }), /amount/);
  assert.throws(written({ cents: 10_000_000_000 }), /amount/);
  assert.throws(written({ name: 'x'.repeat(23) }), /^NachaError: individual name: has 23 characters, more than 22/);
  assert.throws(written({ name: 'Zoë' }), /individual name: holds a character/);
  assert.throws(written({ routing: '231380100' }), /check digit/);
  assert.throws(
    written({
      addenda: [
        { type: '05', text: '' },
        { type: '05', text: '' },
      ],
    }),
    /PPD has 2 addenda, more than 1/,
  );
  assert.throws(
    written(
      { code: '22', addenda: Array.from({ length: addendaMax + 1 }, () => ({ type: '05', text: '' }) as const) },
      { entryClass: 'CTX', serviceClass: '220' },
    ),
    /more than 9999/,
  );
  assert.throws(() => writeNacha({ ...file, batches: [{ ...batch, entries: [] }] }), /a batch has an entry/);
  assert.throws(
    () => returned(returned(entry, 'R01', { trace: '1', sender: '121042882' }), 'R02', { trace: '2', sender: '231380104' }),
    /cannot be sent back/,
  );
  assert.equal(checkDigit('12104288'), '2');
});
