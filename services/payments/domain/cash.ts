import type { Fields, Thing } from './json.ts';

/** Currencies whose bank transfers are taken in, and what the API calls them. */
export const transferTypes = { eur: 'eu_bank_transfer', usd: 'us_bank_transfer' } as const;
export type CashCurrency = keyof typeof transferTypes;
export const cashCurrencies = Object.keys(transferTypes) as CashCurrency[];
export const isCashCurrency = (currency: unknown): currency is CashCurrency => cashCurrencies.includes(currency as CashCurrency);

/** The simulated bank that has the accounts that customers pay to. */
const banks = {
  eur: { bic: 'COBADEFFXXX', code: '37040044', name: 'SIMULATED BANK' },
  usd: { routing: '110000000', name: 'SIMULATED BANK' },
} as const;
const addressIn = (country: string, city: string, code: string) => ({
  ...{ city, country, line1: '1 Simulated Street', line2: null, postal_code: code, state: null },
});
/** Where the bank is, and with it who has the accounts. */
const places = { eur: addressIn('DE', 'Berlin', '10117'), usd: addressIn('US', 'San Francisco', '94104') } as const;
/** In whose name those accounts are. */
export const accountHolder = 'Gamut Payments';

/** The check digits of an IBAN of Germany: those that leave one when all of it is divided by 97. */
function ibanOf(bban: string): string {
  const left = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${String(left).padStart(2, '0')}${bban}`;
}

/** The number of the account that one customer pays to, out of ten digits that are that customer's. */
export const virtualNumber = (currency: CashCurrency, digits: string): string =>
  currency === 'eur' ? ibanOf(banks.eur.code + digits) : digits;

/** How to pay to an account: what a customer types at a bank. */
export function addressesOf(currency: CashCurrency, number: string): Fields[] {
  const held = { account_holder_address: places[currency], account_holder_name: accountHolder, bank_address: places[currency] };
  if (currency === 'eur') {
    const iban = { ...held, bic: banks.eur.bic, country: 'DE', iban: number };
    return [{ type: 'iban', iban, supported_networks: ['sepa'] }];
  }
  const { name, routing } = banks.usd;
  const at = { account_type: 'checking', bank_name: name, routing_number: routing };
  const aba = { ...held, account_number: number, ...at };
  return [{ type: 'aba', aba, supported_networks: ['ach', 'domestic_wire_us'] }];
}

/** What a payment by bank transfer waits for. */
export const transferAction = (currency: CashCurrency, number: string, remaining: number, reference: string): Fields => ({
  type: 'display_bank_transfer_instructions',
  display_bank_transfer_instructions: {
    ...{ amount_remaining: remaining, currency, financial_addresses: addressesOf(currency, number), hosted_instructions_url: null },
    ...{ reference, type: transferTypes[currency] },
  },
});

type Moved = {
  readonly id: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly customer: string;
  readonly currency: string;
  /** Less than nothing where it is used for a payment. */
  readonly amount: number;
  readonly left: number;
};

/** A line of what a customer has sent and not used. */
export const newCashTransaction = ({ id, created, livemode, customer, currency, amount, left }: Moved, why: Fields): Thing => ({
  ...{ id, object: 'customer_cash_balance_transaction', created, currency, customer, customer_account: null, ending_balance: left },
  ...{ livemode, net_amount: amount, ...why },
});
