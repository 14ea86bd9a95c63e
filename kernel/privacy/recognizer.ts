import { codiceFiscale, cpf, dni, germanTax, luhn, mod97, nir, verhoeff, weighted } from './checksum.ts';

export type PersonalKind = 'card' | 'iban' | 'email' | 'phone' | 'national-id' | 'ip' | 'birth-date' | 'name';

/**
 * A form that personal data has. `holds` proves what the pattern alone does not; `context` are words one of which must stand
 * shortly before, where the form is too common to mean a person by itself.
 */
export type Recognizer = {
  readonly kind: PersonalKind;
  readonly pattern: RegExp;
  readonly holds?: (text: string) => boolean;
  readonly context?: RegExp;
};

const bare = (text: string) => text.replaceAll(/[^0-9A-Za-z]/g, '');
const digits = (text: string) => text.replaceAll(/\D/g, '');

/** Lengths of ISO 13616's registry, by country. */
const ibanLengths: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AT: 20,
  BE: 16,
  BG: 22,
  BR: 29,
  CH: 21,
  CY: 28,
  CZ: 24,
  DE: 22,
  DK: 18,
  EE: 20,
  ES: 24,
  FI: 18,
  FR: 27,
  GB: 22,
  GR: 27,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IS: 26,
  IT: 27,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  MC: 27,
  MT: 31,
  NL: 18,
  NO: 15,
  PL: 28,
  PT: 25,
  RO: 24,
  SA: 24,
  SE: 24,
  SI: 19,
  SK: 24,
  TR: 26,
  UA: 29,
};

const cardForms = [
  /^4\d{12}(?:\d{3}){0,2}$/,
  /^5[1-5]\d{14}$/,
  /^2[2-7]\d{14}$/,
  /^3[47]\d{13}$/,
  /^6(?:011|5\d\d|4[4-9]\d)\d{12}$/,
  /^3(?:0[0-5]|[68]\d)\d{11}$/,
  /^35\d{14}$/,
];

/** Card numbers begin with what their schemes were given; lengths as those schemes issue them. */
function isCard(text: string): boolean {
  const number = digits(text);
  return cardForms.some((form) => form.test(number)) && luhn(number);
}

/** A phone number in E.164 has 8 to 15 digits after its plus; one like digit over and over is none. */
function isPhone(text: string): boolean {
  const number = digits(text);
  return number.length >= 8 && number.length <= 15 && new Set(number).size > 2;
}

const dateHolds = (text: string) => {
  const number = digits(text);
  const [month, day] = [Number(number.slice(2, 4)), Number(number.slice(4, 6))];
  return month % 20 >= 1 && month % 20 <= 12 && day >= 1 && day <= 31;
};

const words = (list: readonly string[]) => new RegExp(`\\b(?:${list.join('|')})\\b`, 'i');
const idWords = words([
  ...['ssn', 'social security', 'national id', 'national insurance', 'nino', 'tax id', 'steuer-?id', 'idnr', 'bsn', 'burgerservicenummer'],
  ...['pesel', 'personnummer', 'cpf', 'aadhaar', 'uid', 'nir', 's[ée]cu(?:rit[ée] sociale)?', 'passport', 'id number', 'ausweis'],
]);
const phoneWords = /\b(?:phone|tel|telephone|telefon|mobile|mobil|cell|call|fax|whatsapp|sms|ring|dial|handy|t[ée]l[ée]phone)\b/i;

/** From the surest to the least sure: what one has taken the later ones leave alone. */
export const recognizers: readonly Recognizer[] = [
  {
    kind: 'email',
    pattern: /(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\p{L}0-9](?:[\p{L}0-9-]{0,61}[\p{L}0-9])?\.)+\p{L}{2,24}(?![\w-])/gu,
  },
  {
    kind: 'iban',
    pattern: /\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b/gi,
    holds: (text) => isIban(bare(text).toUpperCase()),
  },
  { kind: 'card', pattern: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g, holds: isCard },
  { kind: 'national-id', pattern: /\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/gi, holds: codiceFiscale },
  {
    kind: 'national-id',
    pattern: /(?<![\w-])[12478] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d(?![\w-])/g,
    holds: nir,
  },
  { kind: 'national-id', pattern: /(?<![\w.-])(?:\d{8}|[XYZ]-?\d{7})-?[A-Z](?![\w-])/g, holds: dni },
  { kind: 'national-id', pattern: /(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g, holds: cpf },
  { kind: 'national-id', pattern: /(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g },
  { kind: 'national-id', pattern: /\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b/g },
  {
    kind: 'national-id',
    pattern: /(?<![\w.-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])/g,
    holds: (text) => dateHolds(digits(text).slice(-10)) && luhn(digits(text).slice(-10)),
  },
  {
    kind: 'national-id',
    pattern: /(?<![\w.-])\d{11}(?![\w-]|\.\d)/g,
    holds: (text) => germanTax(text) || cpf(text) || isPesel(text),
    context: idWords,
  },
  {
    kind: 'national-id',
    pattern: /(?<![\w.-])\d{11}(?![\w-]|\.\d)/g,
    holds: (text) => isPesel(text) && dateHolds(text) && !/^[01]0/.test(text),
    context: /\b(?:pesel|urodz|obywatel)/i,
  },
  { kind: 'national-id', pattern: /(?<![\w.-])[2-9]\d{3} ?\d{4} ?\d{4}(?![\w-]|\.\d)/g, holds: verhoeff, context: idWords },
  {
    kind: 'national-id',
    pattern: /(?<![\w.-])\d{8,9}(?![\w-]|\.\d)/g,
    holds: (text) => weighted(text.padStart(9, '0'), [9, 8, 7, 6, 5, 4, 3, 2, -1], 11),
    context: /\b(?:bsn|burgerservice)/i,
  },
  {
    kind: 'national-id',
    pattern: /\b(?:[A-Z]{1,2}\d{6,8}|\d{9}|[CFGHJKLMNPRTVWXYZ0-9]{9})\b/g,
    holds: (text) => /\d{4}/.test(text),
    context: /\b(?:passport|passeport|reisepass|pasaporte|passaporto)\b/i,
  },
  { kind: 'phone', pattern: /(?<![\w.+])(?:\+|00)[1-9](?:[ ().\/-]{0,2}\d){7,14}(?![\w-])/g, holds: isPhone },
  { kind: 'phone', pattern: /(?<![\w.+-])\(\d{3}\) ?\d{3}[- .]\d{4}(?![\w-])/g, holds: isPhone },
  { kind: 'phone', pattern: /(?<![\w.+-])[2-9]\d{2}[-. ][2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)/g, holds: isPhone },
  { kind: 'phone', pattern: /(?<![\w.+-])0\d(?:[ ()\/.-]{0,2}\d){7,11}(?![\w-]|\.\d)/g, holds: isPhone, context: phoneWords },
  { kind: 'phone', pattern: /(?<![\w.+-])0[67](?:[ .-]?\d\d){4}(?![\w-]|\.\d)/g, holds: (text) => /[ .-]/.test(text) },
  { kind: 'phone', pattern: /(?<![\w.+-])[1-9]\d(?:[ ()-]?\d){6,10}(?![\w-]|\.\d)/g, holds: isPhone, context: phoneWords },
  {
    kind: 'birth-date',
    pattern: /\b(?:\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2} \p{L}{3,9}\.? \d{4}|\p{L}{3,9} \d{1,2}, \d{4})\b/gu,
    context: /\b(?:born|birth|birthday|dob|d\.o\.b|geboren|geb|geburtsdatum|n[ée]e?|naissance|naci[oó]|nacimiento|nat[oa] il)\b/i,
  },
  { kind: 'ip', pattern: /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g, holds: isPersonalIp },
];

function isIban(text: string): boolean {
  return ibanLengths[text.slice(0, 2)] === text.length && mod97(text);
}

const isPesel = (text: string) => weighted(text, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1], 10);

/** Loopback, private and multicast addresses, and versions such as 1.2.0.0, point at no person. */
function isPersonalIp(text: string): boolean {
  const [first = 0, second = 0, , last = 0] = text.split('.').map(Number);
  const isPrivate = first === 10 || first === 127 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168);
  return first > 9 && first < 224 && last !== 0 && !isPrivate;
}
