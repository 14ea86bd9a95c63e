import { createHash } from 'node:crypto';
import { findTlv, readTlv, type Tlv, writeTlv } from '#wire/iso8583/emv.ts';
import { Iso8583Error } from '#wire/iso8583/violation.ts';
import { answerCryptogram, cardKey, cryptogram, sessionKey } from './cryptogram.ts';

/** Keys of the simulation, which everybody may know. */
const simulated = (name: string): Buffer => createHash('sha256').update(`simulated ${name}`).digest().subarray(0, 16);
export const issuerKey = simulated('issuer master key');
/** The key of terminals' keys, and the one that PINs go to issuers under. */
export const terminalKey = simulated('base derivation key');
export const aesTerminalKey = simulated('base derivation key of AES');
export const zoneKey = simulated('zone pin key');
/** The PIN of every test card, and which of the cards of its number it is. */
export const [testPin, cardSequence] = ['1234', '01'] as const;

/** Numbers of ISO 4217 for the currencies that simulated terminals take. */
const currencies: Readonly<Record<string, string>> = {
  ...{ usd: '0840', eur: '0978', gbp: '0826', cad: '0124', aud: '0036', nzd: '0554', chf: '0756', sek: '0752', nok: '0578' },
  ...{ dkk: '0208', jpy: '0392', sgd: '0702', brl: '0986', mxn: '0484', inr: '0356', pln: '0985', czk: '0203' },
};
export const currencyNumber = (currency: string): string | undefined => currencies[currency.toLowerCase()];

/** What the cryptogram is made over, in this order: what the terminal says, and then the card. */
export const signed = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36', '9F10'] as const;

export type ChipData = Readonly<Record<string, string>>;

/** What the chip of a card says of a purchase, with its cryptogram: what goes into field 55. Values are hexadecimal, by tag. */
export function chipData(number: string, said: ChipData): Buffer {
  const bytes = (tag: string) => Buffer.from(said[tag] ?? '', 'hex');
  const session = sessionKey(cardKey(issuerKey, number, cardSequence), bytes('9F36'));
  const proof = cryptogram(session, Buffer.concat(signed.map(bytes)));
  const objects: Tlv[] = [{ tag: '9F26', value: proof }, ...Object.keys(said).map((tag) => ({ tag, value: bytes(tag) }))];
  return writeTlv(objects);
}

export type Asked = { readonly number: string; readonly amount: string; readonly currency: string };

/** Whether the chip's data of a request is what this card has said of this amount; answers its counter, which is used once. */
export function provenChip(field: Uint8Array, { number, amount, currency }: Asked): string | undefined {
  const objects = readable(field);
  const of = (tag: string) => Buffer.from(findTlv(objects, tag) ?? []);
  if (of('9F36').length !== 2) return undefined;
  const isOfThis = of('9F02').toString('hex') === amount.padStart(12, '0') && of('5F2A').toString('hex') === currencyNumber(currency);
  const session = sessionKey(cardKey(issuerKey, number, cardSequence), of('9F36'));
  const isProven = cryptogram(session, Buffer.concat(signed.map(of))).equals(of('9F26'));
  return isOfThis && isProven ? of('9F36').toString('hex') : undefined;
}

/** The objects of a field; none of one that cannot be read. */
function readable(field: Uint8Array): readonly Tlv[] {
  try {
    return readTlv(field);
  } catch (error) {
    if (error instanceof Iso8583Error) return [];
    throw error;
  }
}

/** Field 55 of an answer: the issuer's cryptogram, and what it says. */
export function issuerData(field: Uint8Array, number: string, code: string): Buffer {
  const objects = readTlv(field);
  const session = sessionKey(cardKey(issuerKey, number, cardSequence), findTlv(objects, '9F36') ?? Buffer.alloc(2));
  const proof = answerCryptogram(session, findTlv(objects, '9F26') ?? Buffer.alloc(8), code);
  return writeTlv([
    { tag: '8A', value: Buffer.from(code, 'latin1') },
    { tag: '91', value: Buffer.concat([proof, Buffer.from(code, 'latin1')]) },
  ]);
}

/** Whether an answer is of the card's own issuer, as the card finds out. */
export function isOfIssuer(answer: Uint8Array, field: Uint8Array, number: string): boolean {
  const objects = readTlv(answer);
  const code = Buffer.from(findTlv(objects, '8A') ?? []).toString('latin1');
  const own = findTlv(readTlv(issuerData(field, number, code)), '91') ?? Buffer.alloc(0);
  return code.length === 2 && Buffer.from(own).equals(Buffer.from(findTlv(objects, '91') ?? []));
}
