import type { XmlElement } from '../xml/read.ts';
import type { Shape } from './shape.ts';
import { Iso20022Error } from './violation.ts';

/** A text that a check finds nothing wrong with; it answers what is. */
function checked(wrong: (text: string) => string | undefined): Shape<string> {
  const proven = (text: string, path: string): string => {
    const reason = wrong(text);
    if (reason !== undefined) throw new Iso20022Error(reason, path);
    return text;
  };
  return {
    write: (value, path) => ({ content: proven(value, path) }),
    read: (element, path) => proven(leaf(element, path), path),
  };
}

function leaf({ text, children }: XmlElement, path: string): string {
  if (children.length > 0) throw new Iso20022Error('holds elements where a value is due', path);
  return text;
}

/** A text of one to so many characters. */
export const text = (most: number): Shape<string> =>
  checked((value) => (value === '' ? 'is empty' : [...value].length > most ? `is longer than ${most} characters` : undefined));

const matching = (pattern: RegExp, what: string): Shape<string> =>
  checked((value) => (pattern.test(value) ? undefined : `${JSON.stringify(value.slice(0, 50))} is no ${what}`));

/** One of the codes of a list. */
export const code = <const Code extends string>(...codes: readonly Code[]): Shape<Code> =>
  checked((value) =>
    (codes as readonly string[]).includes(value) ? undefined : `${JSON.stringify(value.slice(0, 50))} is none of ${codes.join(', ')}`,
  ) as Shape<Code>;

/** A code of a list that is kept outside of the schemas. */
export const external = (most: number): Shape<string> => matching(new RegExp(`^[A-Za-z0-9]{1,${most}}$`), 'code');
export const bic = matching(/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/, 'BIC');
export const country = matching(/^[A-Z]{2}$/, 'country');
export const uetr = matching(/^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$/, 'UETR');
export const decimal = matching(/^\d{1,13}(\.\d{1,5})?$/, 'sum');

/** `YYYY-MM-DD`, a day that there is. */
export const date = checked((value) => {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value);
  return isDay ? undefined : `${JSON.stringify(value.slice(0, 50))} is no date`;
});

/** A time with its date, and its zone if it says one. */
export const time = checked((value) => {
  const form = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  const isTime = form && new Date(`${form[1]}T00:00:00Z`).toJSON()?.startsWith(form[1]!);
  return isTime ? undefined : `${JSON.stringify(value.slice(0, 50))} is no time`;
});

/** An account number of ISO 13616, whose digits 3 and 4 check the rest. */
export const iban = checked((value) => {
  if (!/^[A-Z]{2}\d\d[A-Z0-9]{10,30}$/.test(value)) return `${JSON.stringify(value.slice(0, 50))} is no IBAN`;
  const digits = [...value.slice(4), ...value.slice(0, 4)].map((one) => Number.parseInt(one, 36)).join('');
  return BigInt(digits) % 97n === 1n ? undefined : 'its check digits are wrong';
});

/** A number of transactions. */
export const count: Shape<number> = {
  write: (value, path) => ({
    content: String(value).match(/^\d{1,15}$/) ? String(value) : refuse(`${value} is no number of transactions`, path),
  }),
  read(element, path) {
    const value = leaf(element, path);
    return /^\d{1,15}$/.test(value) ? Number(value) : refuse(`${JSON.stringify(value.slice(0, 50))} is no number of transactions`, path);
  },
};

function refuse(reason: string, path: string): never {
  throw new Iso20022Error(reason, path);
}

/** An amount in the smallest unit of its currency. */
export type Money = { readonly currency: string; readonly minor: number };

const exponents = new Map<string, number>();

/** How many decimals a currency has. */
export function exponentOf(currency: string): number {
  let known = exponents.get(currency);
  if (known === undefined) {
    known = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
    if (exponents.size < 1000) exponents.set(currency, known);
  }
  return known;
}

/** An amount with its currency; never negative, and with no more decimals than the currency has. */
export const money: Shape<Money> = {
  write({ currency, minor }, path) {
    if (!/^[A-Z]{3}$/.test(currency)) refuse(`${JSON.stringify(currency)} is no currency`, path);
    if (!Number.isSafeInteger(minor) || minor < 0) refuse(`${minor} is no amount`, path);
    const exponent = exponentOf(currency);
    const digits = String(minor).padStart(exponent + 1, '0');
    const content = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
    return { content, attributes: { Ccy: currency } };
  },
  read(element, path) {
    const value = leaf(element, path);
    const currency = element.attributes?.Ccy ?? refuse('has no currency', path);
    if (!/^[A-Z]{3}$/.test(currency)) refuse(`${JSON.stringify(currency.slice(0, 50))} is no currency`, path);
    const [, whole = '', part = ''] =
      /^(\d{1,15})(?:\.(\d{1,5}))?$/.exec(value) ?? refuse(`${JSON.stringify(value.slice(0, 50))} is no amount`, path);
    const exponent = exponentOf(currency);
    if (part.length > exponent) refuse(`${currency} has ${exponent} decimals, no ${part.length}`, path);
    const minor = Number(whole + part.padEnd(exponent, '0'));
    return Number.isSafeInteger(minor) ? { currency, minor } : refuse('is larger than can be counted', path);
  },
};
