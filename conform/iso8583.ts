import { buildIso8583 } from '#wire/iso8583/build.ts';
import { writeTlv } from '#wire/iso8583/emv.ts';
import type { IsoFields, IsoMessage } from '#wire/iso8583/message.ts';
import { parseIso8583 } from '#wire/iso8583/parse.ts';
import { answerTo, networkRequest, originalElements, schemes } from '#wire/iso8583/scheme.ts';
import { type Encoding, type Filling, isoSpec, type IsoSpec } from '#wire/iso8583/spec.ts';
import { type Check, check } from './client.ts';
import { command } from './command.ts';
import { same } from './tool.ts';

const at = new Date('2026-11-26T15:30:58Z');

/** The chip's data of a purchase: cryptogram, its kind, counter, application's data, unpredictable number, verification results. */
const chip = writeTlv([
  { tag: '9F26', value: Buffer.from('a1b2c3d4e5f60708', 'hex') },
  { tag: '9F27', value: Buffer.from('80', 'hex') },
  { tag: '9F10', value: Buffer.from('0110a00003220000000000000000000000ff', 'hex') },
  { tag: '9F37', value: Buffer.from('deadbeef', 'hex') },
  { tag: '9F36', value: Buffer.from('00c8', 'hex') },
  { tag: '95', value: Buffer.from('8000000000', 'hex') },
  { tag: '9A', value: Buffer.from('261126', 'hex') },
  { tag: '5F2A', value: Buffer.from('0756', 'hex') },
]);

const fields: IsoFields = {
  ...{ 2: '4242424242424242', 3: '000000', 4: '000000010050', 7: '1126153058', 11: '000123', 12: '153058', 13: '1126', 14: '3012' },
  ...{ 22: '051', 25: '00', 32: '12345678901', 37: 'RRN000000001', 41: 'TERM0001', 42: 'MERCHANT0000001' },
  ...{ 43: 'A shop in the town        Zurich      CH', 49: '756', 55: chip, 60: 'channel=web' },
};
const request: IsoMessage = { mti: '0100', fields };
const withPin: IsoMessage = {
  mti: '0200',
  fields: { ...fields, 2: '6200000000000005', 33: '12345', 48: 'tip=5', 52: Buffer.from('0f1e2d3c4b5a6978', 'hex') },
};
const reversal: IsoMessage = {
  mti: '0420',
  fields: {
    ...fields,
    55: undefined,
    39: '68',
    90: originalElements(request),
    95: '000000000500'.padEnd(42, '0'),
    102: 'CH9300762011623852957',
  },
};
const track: IsoMessage = {
  mti: '0100',
  fields: { 3: '000000', 4: '000000000100', 28: 'D00000150', 35: '4242424242424242=3012101000001234', 97: 'C0000000000000100' },
};

const messages: Readonly<Record<string, IsoMessage>> = {
  'an authorization with a chip': request,
  'the answer to an authorization': answerTo(request, { 38: 'A12345', 39: '00', 54: '0002756C000000100000' }),
  'a financial request with a PIN block': withPin,
  'the advice of a reversal': reversal,
  'a sign-on': networkRequest(schemes[0]!, 'signOn', { trace: '000001', at }),
  'the answer to an echo': answerTo(networkRequest(schemes[0]!, 'echo', { trace: '000002', at }), { 39: '00' }),
};

type Case = { readonly name: string; readonly spec: IsoSpec; readonly message: IsoMessage; readonly bytes: Buffer };

const caseOf = (what: string, encoding: Encoding, message: IsoMessage, filling: Filling = 'before'): Case => {
  const spec = isoSpec(encoding, {}, filling);
  return { name: `${what}, ${encoding}`, spec, message, bytes: buildIso8583(message, spec) };
};

const encodings = ['ascii', 'binary'] as const;

/** Every message in both encodings, with packed digits filled as the program does it. */
export const cases = (filling: Filling): readonly Case[] =>
  Object.entries(messages).flatMap(([what, message]) => encodings.map((encoding) => caseOf(what, encoding, message, filling)));

/** A track and signed amounts, which moov's packed digits cannot hold. */
export const trackCases = (filling: Filling): readonly Case[] =>
  encodings.map((encoding) => caseOf('a track and signed amounts', encoding, track, filling));

const hexOf = (value: string | Uint8Array): string => Buffer.from(value as string, 'latin1').toString('hex');
const pairs = ({ fields }: IsoMessage): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([number, value]) => `${number}:${hexOf(value!)}`)
    .join(',');

/** A case as the foreign programs read it. */
export const caseLine = ({ name, spec, message, bytes }: Case): string =>
  [name, spec.encoding, message.mti, pairs(message), bytes.toString('hex')].join('\t');

/** Has a program read what we write, and reads what it writes. */
export async function bothWays(program: readonly string[], given: readonly Case[]): Promise<Check[]> {
  const out = await command([...program], { input: `${given.map(caseLine).join('\n')}\n` });
  const answers = new Map(out.split('\n').map((line) => [line.slice(0, line.indexOf('\t')), line.split('\t').slice(1)]));
  const checks: Check[] = [];
  for (const { name, spec, message, bytes } of given) {
    const [mti = 'nothing', read = '', written = ''] = answers.get(name) ?? [];
    checks.push(
      await check(`it reads ${name}`, async () => {
        if (mti === 'ERROR') throw new Error(read);
        same([mti, read], [message.mti, pairs(message)]);
      }),
      await check(`we read ${name}`, async () => {
        const parsed = parseIso8583(Buffer.from(written, 'hex'), spec);
        same([parsed.mti, pairs(parsed)], [message.mti, pairs(message)]);
        same(written, bytes.toString('hex'));
      }),
    );
  }
  return checks;
}
