/** How money gets to a bank: in a file with others (`ach`, `sepa`), or each by itself in a message that is answered within seconds. */
export const payoutRails = ['ach', 'sepa', 'sct_inst', 'rtp', 'fednow', 'wire'] as const;
export type PayoutRail = (typeof payoutRails)[number];

/** Which instant networks a bank of the United States is reached by, by its routing number: of two, the first is taken. */
const reached: Readonly<Record<string, readonly ('rtp' | 'fednow')[]>> = {
  ...{ 110000000: ['rtp', 'fednow'], '021000021': ['rtp', 'fednow'], '026009593': ['fednow'] },
};

type Account = { readonly routing?: string };

/** The rail of a payout; undefined where the bank is reached by no instant one. */
export function payoutRailOf(currency: string, isInstant: boolean, { routing = '' }: Account): PayoutRail | undefined {
  if (currency === 'eur') return isInstant ? 'sct_inst' : 'sepa';
  if (currency !== 'usd') return 'wire';
  if (!isInstant) return 'ach';
  return Object.hasOwn(reached, routing) ? reached[routing]?.[0] : undefined;
}

/** Whether orders of a rail go to it together. */
export const isFiled = (rail: unknown): rail is 'ach' | 'sepa' => rail === 'ach' || rail === 'sepa';

/** Why a bank did not take a payout, in the words of the API, by return codes of NACHA and reason codes of ISO 20022. */
const failures: Readonly<Record<string, string>> = {
  ...{ R02: 'account_closed', AC04: 'account_closed', R03: 'no_account', AC01: 'no_account', AC03: 'no_account' },
  ...{ R04: 'invalid_account_number', R16: 'account_frozen', R20: 'account_frozen', AC06: 'account_frozen' },
  ...{ R01: 'insufficient_funds', R09: 'insufficient_funds', AM04: 'insufficient_funds', AM03: 'invalid_currency' },
  ...{ R05: 'debit_not_authorized', R07: 'debit_not_authorized', R10: 'debit_not_authorized', R29: 'debit_not_authorized' },
  ...{ R23: 'declined', MS03: 'declined' },
};

const words: Readonly<Record<string, string>> = {
  account_closed: 'The bank account has been closed.',
  account_frozen: 'The bank account has been frozen.',
  debit_not_authorized: 'Debit transactions are not approved on the bank account.',
  declined: 'The bank has declined this transfer.',
  insufficient_funds: 'The bank account has insufficient funds to cover the transfer.',
  invalid_account_number: 'The account number is not one of the bank.',
  invalid_currency: 'The bank could not take the transfer because of its currency.',
  no_account: 'The bank account details on file are probably incorrect. No bank account could be located with those details.',
};

export function payoutFailureOf(code: string): { readonly code: string; readonly message: string } {
  const word = failures[code] ?? 'could_not_process';
  return { code: word, message: words[word] ?? 'The bank could not process this transfer.' };
}
