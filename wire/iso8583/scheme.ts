import type { IsoMessage } from './message.ts';
import { answerType } from './message-type.ts';
import { type Encoding, isoSpec, type IsoSpec, type Notation } from './spec.ts';
import { Iso8583Error } from './violation.ts';

/** Codes of network management in field 70. */
type NetworkCodes = { readonly signOn: string; readonly signOff: string; readonly echo: string };

/** What a card scheme lays over ISO 8583:1987: data, so that a scheme more is a row more. */
export type Scheme = {
  readonly name: string;
  /** First and last of each range of card numbers, by their leading digits. */
  readonly ranges: readonly (readonly [from: string, to: string])[];
  readonly fields: Notation;
  readonly network: NetworkCodes;
  /** Per message type, the fields that must be there; 2 is met by the track in 35 as well. */
  readonly required: Readonly<Record<string, readonly number[]>>;
};

const iso: NetworkCodes = { signOn: '001', signOff: '002', echo: '301' };

const required: Scheme['required'] = {
  '0100': [2, 3, 4, 7, 11, 12, 13, 22, 41, 42, 49],
  '0110': [3, 4, 7, 11, 39],
  '0120': [2, 3, 4, 7, 11, 38, 39, 49],
  '0130': [3, 7, 11, 39],
  '0200': [2, 3, 4, 7, 11, 12, 13, 22, 41, 42, 49],
  '0210': [3, 4, 7, 11, 39],
  '0220': [2, 3, 4, 7, 11, 38, 49],
  '0230': [3, 7, 11, 39],
  '0400': [2, 3, 4, 7, 11, 49, 90],
  '0410': [3, 4, 7, 11, 39],
  '0420': [2, 3, 4, 7, 11, 49, 90],
  '0430': [3, 7, 11, 39],
  '0800': [7, 11, 70],
  '0810': [7, 11, 39, 70],
};

/** The schemes, by the ranges they publish. Elements that a scheme keeps to its members are the standard's here. */
export const schemes: readonly Scheme[] = [
  {
    name: 'visa',
    ranges: [['4', '4']],
    fields: { 48: 'b...255', 62: 'b...255', 63: 'b...255' },
    network: { signOn: '071', signOff: '072', echo: '301' },
    required,
  },
  {
    name: 'mastercard',
    ranges: [
      ['51', '55'],
      ['2221', '2720'],
    ],
    fields: { 43: 'ans40', 48: 'ans...999', 61: 'ans...26', 63: 'an...50' },
    network: { signOn: '061', signOff: '062', echo: '270' },
    required: { ...required, '0100': [...required['0100']!, 61] },
  },
  {
    name: 'unionpay',
    ranges: [['62', '62']],
    fields: { 48: 'ans...512', 57: 'ans...100', 60: 'ans...100', 61: 'ans...200' },
    network: iso,
    required: { ...required, '0100': [...required['0100']!, 33], '0200': [...required['0200']!, 33] },
  },
  {
    name: 'rupay',
    ranges: [
      ['60', '60'],
      ['6521', '6522'],
      ['81', '82'],
      ['508', '508'],
    ],
    fields: { 48: 'ans...999', 61: 'ans...999' },
    network: iso,
    required,
  },
  { name: 'jcb', ranges: [['3528', '3589']], fields: { 48: 'b...999' }, network: iso, required },
  {
    name: 'amex',
    ranges: [
      ['34', '34'],
      ['37', '37'],
    ],
    fields: { 55: 'b...256', 60: 'ans...103' },
    network: iso,
    required,
  },
];

/** The scheme whose range a card number lies in; of two, the one of the longer prefix. */
export function schemeOf(pan: string): Scheme | undefined {
  const hits = schemes.flatMap((scheme) =>
    scheme.ranges
      .filter(([from, to]) => pan.length > from.length && pan.slice(0, from.length) >= from && pan.slice(0, to.length) <= to)
      .map(([from]) => ({ scheme, digits: from.length })),
  );
  return hits.toSorted((left, right) => right.digits - left.digits)[0]?.scheme;
}

/** The specification that a scheme's messages are written by. */
export const schemeSpec = (scheme: Scheme, encoding: Encoding): IsoSpec => isoSpec(encoding, scheme.fields);

/** Fails with the first field that the scheme requires of a message of this type and that is not there. */
export function assertComplete({ mti, fields }: IsoMessage, scheme: Scheme): void {
  for (const number of scheme.required[`${mti.slice(0, 3)}0`] ?? [])
    if (fields[number] === undefined && !(number === 2 && fields[35] !== undefined))
      throw new Iso8583Error(`${scheme.name} requires it in ${mti}`, number);
}

/** A request of network management: `traced` has the system trace audit number (6 digits) and the time in UTC. */
export function networkRequest(
  scheme: Scheme,
  what: keyof NetworkCodes,
  traced: { readonly trace: string; readonly at: Date },
): IsoMessage {
  return { mti: '0800', fields: { 7: transmissionTime(traced.at), 11: traced.trace, 70: scheme.network[what] } };
}

/** Field 7: `MMDDhhmmss` in UTC. */
function transmissionTime(at: Date): string {
  return at.toISOString().replace(/\D/g, '').slice(4, 14);
}

/** What an answer repeats of its request, so that the two are found to belong together. */
const repeated = [2, 3, 4, 7, 11, 12, 13, 32, 33, 37, 41, 42, 49, 70, 90];

/** The answer to a request or an advice: what is repeated of it, and what the answer says (39, 38, 55). */
export function answerTo(request: IsoMessage, said: IsoMessage['fields']): IsoMessage {
  const mti = answerType(request.mti);
  if (mti === undefined) throw new Iso8583Error(`${request.mti} is not answered`, 0);
  const fields = Object.fromEntries(
    repeated.filter((number) => request.fields[number] !== undefined).map((number) => [number, request.fields[number]]),
  );
  return { mti, fields: { ...fields, ...said } };
}

/** Field 90 of a reversal: type, trace number, time and the two institutions of the message it takes back. */
export function originalElements({ mti, fields }: IsoMessage): string {
  const text = (number: number) => String(fields[number] ?? '');
  return `${mti}${text(11).padStart(6, '0')}${text(7).padStart(10, '0')}${text(32).padStart(11, '0')}${text(33).padStart(11, '0')}`;
}
