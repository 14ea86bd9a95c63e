/**
 * Ways to pay beside cards, each of one currency. A debit is asked of the payer's bank, whose answer comes days later; a voucher
 * waits until its payer pays it, or is too late.
 */
export const ways = {
  us_bank_account: { currency: 'usd', flow: 'debit', rail: 'ach' },
  sepa_debit: { currency: 'eur', flow: 'debit', rail: 'sepa' },
  boleto: { currency: 'brl', flow: 'voucher' },
  oxxo: { currency: 'mxn', flow: 'voucher' },
  pix: { currency: 'brl', flow: 'voucher' },
} as const;

export type Way = keyof typeof ways;

export const wayNames = Object.keys(ways) as Way[];

export const isWay = (type: unknown): type is Way => typeof type === 'string' && Object.hasOwn(ways, type);

/** What a payment can be paid by whose ways are not said: cards, and what is of its currency. */
export const waysIn = (currency: string): string[] => ['card', ...wayNames.filter((way) => ways[way].currency === currency)];

/** What must be said of the payer, as names of `billing_details`. */
export const saidOfPayer: Readonly<Record<Way, readonly ('name' | 'email' | 'address')[]>> = {
  us_bank_account: ['name'],
  sepa_debit: ['name', 'email'],
  boleto: ['name', 'email', 'address'],
  oxxo: ['name', 'email'],
  pix: [],
};
