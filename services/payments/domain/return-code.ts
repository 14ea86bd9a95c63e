/** Why a bank sends a debit back, in the words of the API: return codes of NACHA, and reason codes of ISO 20022. */
const words: Readonly<Record<string, string>> = {
  ...{ R01: 'insufficient_funds', R09: 'insufficient_funds', AM04: 'insufficient_funds' },
  ...{ R02: 'account_closed', AC04: 'account_closed', R03: 'no_account', R04: 'no_account', AC01: 'no_account' },
  ...{ R05: 'debit_not_authorized', R07: 'debit_not_authorized', R08: 'debit_not_authorized', R10: 'debit_not_authorized' },
  ...{ R11: 'debit_not_authorized', R29: 'debit_not_authorized', MD01: 'debit_not_authorized', MS02: 'debit_not_authorized' },
  ...{
    R16: 'bank_account_restricted',
    R20: 'bank_account_restricted',
    AC06: 'bank_account_restricted',
    AM02: 'charge_exceeds_source_limit',
  },
};

const messages: Readonly<Record<string, string>> = {
  insufficient_funds: "The customer's account has insufficient funds to cover this payment.",
  account_closed: "The customer's bank account has been closed.",
  no_account: "The customer's bank account could not be located.",
  debit_not_authorized: 'The customer has notified their bank that this payment was unauthorized.',
  bank_account_restricted: "The customer's account cannot be used with this payment method.",
  charge_exceeds_source_limit: 'The payment exceeds what the customer may be debited.',
};

const unknown = 'generic_could_not_process';

/** What a code of a bank says to the API. */
export function failureOf(code: string): { readonly code: string; readonly message: string } {
  const word = words[code] ?? unknown;
  return { code: word, message: messages[word] ?? 'This payment could not be processed.' };
}
