/** Currencies without a minor unit, as the API counts them. */
const whole = new Set([
  ...['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'ugx', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'],
]);
const thousandth = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);

let known: ReadonlySet<string> | undefined;

/** The currencies of ISO 4217, in lower case. */
export function currencies(): ReadonlySet<string> {
  known ??= new Set(Intl.supportedValuesOf('currency').map((each) => each.toLowerCase()));
  return known;
}

/** Whether it is a currency of ISO 4217, in lower case. */
export const isCurrency = (code: string): boolean => currencies().has(code);

/** Digits behind the point: an amount of 1050 is 10.50, 1050 or 1.050. */
function exponentOf(currency: string): number {
  if (whole.has(currency)) return 0;
  return thousandth.has(currency) ? 3 : 2;
}

/** An amount in whole units of its currency: 1050 is 10.5 dollars. */
export const unitsOf = (amount: number, currency: string): number => amount / 10 ** exponentOf(currency);

/** The least that a card is charged: half a unit. */
export const leastOf = (currency: string): number => (exponentOf(currency) === 0 ? 50 : 5 * 10 ** (exponentOf(currency) - 1));

/** The ledger of a currency: its three letters as a number to the base 26, so that none is zero. */
export function ledgerOf(currency: string): number {
  return [...currency].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0);
}

/** An amount in whole units with its decimals: 1050 is 10.50. */
export function unitsText(amount: number, currency: string): string {
  const digits = exponentOf(currency);
  const text = String(Math.abs(amount)).padStart(digits + 1, '0');
  const cut = text.length - digits;
  return `${amount < 0 ? '-' : ''}${digits === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`}`;
}

/** An amount in the words of people. */
export const spoken = (amount: number, currency: string): string => `${unitsText(amount, currency)} ${currency}`;
