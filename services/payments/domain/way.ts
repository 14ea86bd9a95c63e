/**
 * Ways to pay beside cards, each of its currencies. A debit is asked of the payer's bank, whose answer comes days later; a voucher
 * waits until its payer pays it, or is too late; a transfer is sent by the payer, who may send it before.
 */
export const ways = {
  us_bank_account: { currencies: ['usd'], flow: 'debit', rail: 'ach' },
  sepa_debit: { currencies: ['eur'], flow: 'debit', rail: 'sepa' },
  boleto: { currencies: ['brl'], flow: 'voucher' },
  oxxo: { currencies: ['mxn'], flow: 'voucher' },
  pix: { currencies: ['brl'], flow: 'voucher' },
  customer_balance: { currencies: ['eur', 'usd'], flow: 'transfer' },
} as const;

export type Way = keyof typeof ways;

export const wayNames = Object.keys(ways) as Way[];

export const isWay = (type: unknown): type is Way => typeof type === 'string' && Object.hasOwn(ways, type);

/** What a payment can be paid by whose ways are not said: cards, and what is of its currency; a transfer is asked for by name. */
export const waysIn = (currency: string): string[] => [
  'card',
  ...wayNames.filter((way) => ways[way].flow !== 'transfer' && currenciesOf(way).includes(currency)),
];

export const currenciesOf = (way: Way): readonly string[] => ways[way].currencies;

/** What must be said of the payer, as names of `billing_details`. */
export const saidOfPayer: Readonly<Record<Way, readonly ('name' | 'email' | 'address')[]>> = {
  us_bank_account: ['name'],
  sepa_debit: ['name', 'email'],
  boleto: ['name', 'email', 'address'],
  oxxo: ['name', 'email'],
  pix: [],
  customer_balance: [],
};
