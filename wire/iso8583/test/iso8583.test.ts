import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildIso8583 } from '../build.ts';
import { findTlv, readTlv, writeTlv } from '../emv.ts';
import { FrameReader, framed } from '../frame.ts';
import { iso8583MaxBytes, tlvObjectsMax } from '../limits.ts';
import type { IsoFields, IsoMessage } from '../message.ts';
import { answerType, messageType, repeatType } from '../message-type.ts';
import { parseIso8583 } from '../parse.ts';
import { answerTo, assertComplete, networkRequest, originalElements, schemeOf, schemes, schemeSpec } from '../scheme.ts';
import { isoSpec } from '../spec.ts';
import { Iso8583Error } from '../violation.ts';

const ascii = isoSpec('ascii');
const binary = isoSpec('binary');
const after = isoSpec('binary', {}, 'after');

const fields: IsoFields = {
  ...{ 2: '4242424242424242', 3: '000000', 4: '000000010050', 7: '1126153058', 11: '000123', 12: '153058', 13: '1126', 14: '3012' },
  ...{ 22: '051', 25: '00', 28: 'D00000100', 32: '12345678901', 35: '4242424242424242=30121010000012345678', 37: 'RRN000000001' },
  ...{
    41: 'TERM0001',
    42: 'MERCHANT0000001',
    43: 'A shop in the town        Zurich      CH',
    49: '756',
    52: Buffer.from('0123456789abcdef', 'hex'),
  },
  ...{ 55: Buffer.from('9f2608a1b2c3d4e5f607089f2701809f36020001', 'hex'), 60: 'x', 102: 'CH9300762011623852957' },
};
const request: IsoMessage = { mti: '0100', fields };

/** Values as they can be compared: bytes as hexadecimal text. */
const plain = ({ mti, fields }: IsoMessage) => ({
  mti,
  fields: Object.fromEntries(
    Object.entries(fields).map(([number, value]) => [number, typeof value === 'string' ? value : Buffer.from(value!).toString('hex')]),
  ),
});

/** The place and the words of what is refused. */
function refusal(step: () => unknown): { field: number | undefined; offset: number | undefined; message: string } {
  try {
    step();
  } catch (error) {
    assert.ok(error instanceof Iso8583Error, String(error));
    return { field: error.field, offset: error.offset, message: error.message };
  }
  return assert.fail('nothing was refused');
}

test('a message is read as it was written, in both encodings, with one bitmap or two', () => {
  for (const spec of [ascii, binary, after]) {
    for (const message of [
      request,
      { mti: '0800', fields: { 7: '1126153058', 11: '000001', 70: '301' } },
      { mti: '0810', fields: { 39: '00' } },
    ])
      assert.deepEqual(plain(parseIso8583(buildIso8583(message, spec), spec)), plain(message));
  }
});

test('the bytes are those of the standard, written out by hand', () => {
  const echo: IsoMessage = { mti: '0800', fields: { 7: '0102030405', 11: '000001', 70: '301' } };
  assert.equal(
    buildIso8583(echo, ascii).toString('latin1'),
    '0800' + '8220000000000000' + '0400000000000000' + '0102030405' + '000001' + '301',
  );
  assert.equal(
    buildIso8583(echo, binary).toString('hex'),
    '0800' + '8220000000000000' + '0400000000000000' + '0102030405' + '000001' + '0301',
  );
  const paid: IsoMessage = {
    mti: '0210',
    fields: {
      2: '4242424242424',
      4: '1',
      28: 'C5',
      35: '4242=99',
      39: '00',
      41: 'T1',
      52: Buffer.alloc(8, 0xab),
      55: Buffer.from('8a023030', 'hex'),
    },
  };
  const bitmap = '5000001022801200';
  assert.equal(
    buildIso8583(paid, ascii).toString('latin1'),
    `0210${bitmap}134242424242424000000000001C00000005074242=9900T1      ABABABABABABABAB004\x8a\x0200`,
  );
  assert.equal(
    buildIso8583(paid, binary).toString('hex'),
    `0210${bitmap}1304242424242424${'000000000001'}${'4300000005'}07${'04242d99'}${'3030'}${'5431202020202020'}${'ab'.repeat(8)}0004${'8a023030'}`,
  );
  const filledAfter = buildIso8583({ mti: '0210', fields: { 2: '424', 22: '051', 35: '4242=99' } }, after).toString('hex');
  assert.equal(filledAfter, `0210${'4000040020000000'}${'034240'}${'0051'}07${'4242d990'}`);
});

test('every beginning of a message is refused, and a byte too many, with field and offset', () => {
  for (const spec of [ascii, binary, after]) {
    const bytes = buildIso8583(request, spec);
    for (let end = 0; end < bytes.length; end += 1) {
      const { field, offset } = refusal(() => parseIso8583(bytes.subarray(0, end), spec));
      assert.ok(field !== undefined && offset !== undefined && offset <= end, `${spec.encoding} ${end}`);
    }
    assert.match(refusal(() => parseIso8583(Buffer.concat([bytes, Buffer.from('0')]), spec)).message, /1 bytes follow the message/);
  }
});

test('whatever bytes come, the answer is a message or a refusal that says where', () => {
  let seed = 20261126;
  const random = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
  let read = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const spec = [ascii, binary, after][round % 3]!;
    const bytes = buildIso8583(request, spec);
    for (let flips = random(4) + 1; flips > 0; flips -= 1) bytes[random(bytes.length)] = random(256);
    try {
      const message = parseIso8583(bytes, spec);
      assert.deepEqual(plain(parseIso8583(buildIso8583(message, spec), spec)), plain(message));
      read += 1;
    } catch (error) {
      assert.ok(error instanceof Iso8583Error, String(error));
      assert.notEqual(error.field ?? error.offset, undefined);
    }
  }
  assert.ok(read > 500 && read < 19_000, String(read));
});

test('what is wrong is named: promised fields, lengths, characters, bitmaps', () => {
  const of = (text: string) => refusal(() => parseIso8583(Buffer.from(text, 'latin1'), ascii));
  assert.deepEqual(of('08000220000000000000' + '0102030405' + '0000'), {
    field: 11,
    offset: 30,
    message: 'field 11, byte 30: is promised and takes 6 bytes, of which the message has 4',
  });
  assert.deepEqual(of('0800C000000000000000' + '4000000000000000'), {
    field: 2,
    offset: 36,
    message: 'field 2, byte 36: is promised and takes 2 bytes, of which the message has 0',
  });
  assert.match(of('08008000000000000000' + '8000000000000000').message, /^field 1, byte 36: a third bitmap/);
  assert.match(of('0800400000000000000020' + '1'.repeat(20)).message, /^field 2, byte 20: says a length of 20, more than 19/);
  assert.match(of('080040000000000000001x1').message, /^field 2, byte 21: the length is no number/);
  assert.match(of('08000020000000000000' + '00O123').message, /^field 11, byte 22: the byte 0x4f cannot stand in content n/);
  assert.match(of('0800002000000000000G000123').message, /^field 1, byte 19: the byte 0x47 cannot stand in content hexadecimal/);
  assert.match(of('08000000001000000000' + 'E00000001').message, /^field 28, byte 20: an amount begins with C or D/);
  const packed = (text: string) => refusal(() => parseIso8583(Buffer.from(text, 'hex'), binary)).message;
  assert.match(packed('08000020000000000000' + '0001a3'), /^field 11, byte 12: the byte 0xa3 cannot stand in content n/);
  assert.match(packed('08000000100000000000' + '1001'), /^field 20, byte 10: an odd number of digits is filled with 0/);
  assert.match(packed('08000000000020000000' + '02e1'), /^field 35, byte 11: cannot stand in content z/);
  assert.match(refusal(() => parseIso8583(Buffer.alloc(iso8583MaxBytes + 1, 48), ascii)).message, /longer than/);
  const built = (fields: IsoFields, mti = '0100') => refusal(() => buildIso8583({ mti, fields }, ascii)).message;
  assert.match(built({ 4: '1.50' }), /^field 4: its character 2 cannot stand in content n/);
  assert.match(built({ 4: '-1' }), /^field 4: its character 1/);
  assert.match(built({ 4: '1'.repeat(13) }), /^field 4: has a length of 13, not 12/);
  assert.match(built({ 43: 'Zürich' }), /^field 43: its character 2/);
  assert.match(built({ 52: Buffer.alloc(7) }), /^field 52: has a length of 7, not 8/);
  assert.match(built({ 52: 'text' }), /^field 52: holds bytes/);
  assert.match(built({ 2: Buffer.alloc(7) }), /^field 2: holds text/);
  assert.match(built({ 28: '100' }), /^field 28: an amount is C or D/);
  assert.match(built({ 65: '1' }), /^field 65: is not specified/);
  assert.match(built({}, '01'), /^field 0: "01" is no message type/);
});

test("the chip's data is read as it was written, nested too, and bombs are refused", () => {
  const objects = [
    { tag: '9F26', value: Buffer.from('a1b2c3d4e5f60708', 'hex') },
    {
      tag: '70',
      value: [
        { tag: '5F2A', value: Buffer.from('0756', 'hex') },
        { tag: '77', value: [{ tag: '82', value: Buffer.alloc(200, 1) }] },
      ],
    },
    { tag: 'DF8101', value: Buffer.alloc(300, 2) },
  ];
  const bytes = writeTlv(objects);
  assert.deepEqual(writeTlv(readTlv(bytes)), bytes);
  assert.equal(Buffer.from(findTlv(readTlv(bytes), '5F2A')!).toString('hex'), '0756');
  assert.equal(findTlv(readTlv(bytes), '9F27'), undefined);
  const of = (text: string, offset = 0) => refusal(() => readTlv(Buffer.from(text, 'hex'), offset));
  assert.deepEqual(of('9f2608a1b2', 100), {
    field: 55,
    offset: 102,
    message: 'field 55, byte 102: 9F26 says a length of 8, of which there are 2',
  });
  assert.match(of('9f').message, /ends within a tag/);
  assert.match(of('9fffffff01').message, /ends within a tag/);
  assert.match(of('8280').message, /the length of 82 is none/);
  assert.match(of('828401000000').message, /the length of 82 is none/);
  assert.match(of('7008700670047002820182').message, /nested deeper/);
  assert.match(of('8200'.repeat(tlvObjectsMax + 1)).message, /more than 256 objects/);
  assert.throws(() => writeTlv([{ tag: '9F', value: Buffer.alloc(1) }]), /is no tag/);
  assert.throws(() => writeTlv([{ tag: '70', value: Buffer.alloc(1) }]), /70 is constructed/);
});

test('types of messages say their class, and who answers with what', () => {
  assert.deepEqual(messageType('0100'), { class: 'authorization', function: 'request', origin: 'acquirer', isRepeat: false });
  assert.deepEqual(messageType('0421'), { class: 'reversal', function: 'advice', origin: 'acquirer', isRepeat: true });
  assert.equal(messageType('0810').class, 'network-management');
  const answers = ['0100', '0101', '0120', '0200', '0220', '0400', '0421', '0800', '0110'].map(answerType);
  assert.deepEqual(answers, ['0110', '0110', '0130', '0210', '0230', '0410', '0430', '0810', undefined]);
  assert.equal(repeatType('0420'), '0421');
  for (const mti of ['1100', '0900', '0150', '0106', '010', 'abcd']) assert.throws(() => messageType(mti), Iso8583Error);
});

test('schemes are known by card number, sign on in their own codes, and require their fields', () => {
  const names = [
    '4242424242424242',
    '5555555555554444',
    '2223003122003222',
    '6200000000000005',
    '6521000000000000',
    '3566002020360505',
    '378282246310005',
    '9999',
  ];
  assert.deepEqual(
    names.map((pan) => schemeOf(pan)?.name),
    ['visa', 'mastercard', 'mastercard', 'unionpay', 'rupay', 'jcb', 'amex', undefined],
  );
  const at = new Date('2026-11-26T15:30:58Z');
  for (const scheme of schemes)
    for (const encoding of ['ascii', 'binary'] as const) {
      const spec = schemeSpec(scheme, encoding);
      for (const what of ['signOn', 'signOff', 'echo'] as const) {
        const sent = networkRequest(scheme, what, { trace: '000007', at });
        const read = parseIso8583(buildIso8583(sent, spec), spec);
        assert.deepEqual(read, { mti: '0800', fields: { 7: '1126153058', 11: '000007', 70: scheme.network[what] } });
        const answer = answerTo(read, { 39: '00' });
        assert.deepEqual(answer, { mti: '0810', fields: { 7: '1126153058', 11: '000007', 39: '00', 70: scheme.network[what] } });
        assertComplete(answer, scheme);
      }
    }
  const visa = schemeOf('4242424242424242')!;
  assertComplete(request, visa);
  assertComplete({ mti: '0100', fields: { ...fields, 2: undefined } }, visa);
  assert.equal(refusal(() => assertComplete({ mti: '0101', fields: { ...fields, 11: undefined } }, visa)).field, 11);
  assert.equal(refusal(() => assertComplete(request, schemes.find(({ name }) => name === 'mastercard')!)).field, 61);
  const reversal: IsoMessage = { mti: '0420', fields: { ...fields, 90: originalElements(request) } };
  assertComplete(reversal, visa);
  assert.equal(reversal.fields[90], '0100' + '000123' + '1126153058' + '12345678901' + '00000000000');
  assert.deepEqual(Object.keys(answerTo(reversal, { 39: '00' }).fields).map(Number), [2, 3, 4, 7, 11, 12, 13, 32, 37, 39, 41, 42, 49, 90]);
});

test('messages are cut out of a connection whatever pieces it comes in', () => {
  const sent = [buildIso8583(request, ascii), buildIso8583(request, binary), Buffer.alloc(0), Buffer.from('0800')];
  const bytes = Buffer.concat(sent.map(framed));
  for (const size of [1, 3, 200, bytes.length]) {
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(
      found,
      sent.filter(({ length }) => length > 0),
    );
  }
  assert.throws(() => new FrameReader().push(Buffer.from('ffff', 'hex')), /a message cannot have 65535 bytes/);
});
