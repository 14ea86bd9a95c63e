import { checkDigit } from '#wire/nacha/code.ts';
import { type Fields, textOf } from './json.ts';
import type { Way } from './way.ts';

/** An account that is debited: what is shown of it, what is not, and what it is told from others by. */
export type BankAccount = { readonly shown: Fields; readonly secret: Fields; readonly identity: string };

/** Why an account cannot be taken, in the words of the API. */
export type AccountError = { readonly param: string; readonly code: string; readonly message: string };

export const isAccountError = (value: BankAccount | AccountError): value is AccountError => 'param' in value;

/** Banks of accounts of the United States that are known by name; the first is the one of test accounts. */
const bankNames: Readonly<Record<string, string>> = {
  ...{ 110000000: 'STRIPE TEST BANK', '021000021': 'JPMORGAN CHASE BANK, NA', '026009593': 'BANK OF AMERICA, N.A.' },
};
/** Four digits are shown. */
const tail = 4;

function usAccount(given: Fields): BankAccount | AccountError {
  const [routing, number] = [textOf(given.routing_number) ?? '', textOf(given.account_number) ?? ''];
  if (!/^\d{9}$/.test(routing) || routing[8] !== checkDigit(routing))
    return { param: 'us_bank_account[routing_number]', code: 'routing_number_invalid', message: 'You must use a valid routing number.' };
  if (!/^\d{4,17}$/.test(number))
    return {
      param: 'us_bank_account[account_number]',
      code: 'account_number_invalid',
      message: 'You must use a valid bank account number.',
    };
  const [holder, type] = [textOf(given.account_holder_type) ?? 'individual', textOf(given.account_type) ?? 'checking'];
  return {
    shown: {
      ...{ account_holder_type: holder, account_type: type, bank_name: bankNames[routing] ?? null, financial_connections_account: null },
      ...{ last4: number.slice(-tail), networks: { preferred: 'ach', supported: ['ach'] }, routing_number: routing, status_details: {} },
    },
    secret: { routing, number, holder, type },
    identity: `${routing} ${number}`,
  };
}

/** Where the code of the bank stands behind the check digits of an IBAN. */
const bankCodes: Readonly<Record<string, number>> = { DE: 8, AT: 5, FR: 5, ES: 4, IT: 6, NL: 4, BE: 3, IE: 4, PT: 4, FI: 3, LU: 3 };

/** Whether the check digits of an IBAN are right: modulus 97 of its letters as numbers is one. */
function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  const digits = [...(text.slice(4) + text.slice(0, 4))].map((letter) => Number.parseInt(letter, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}

function euroAccount(given: Fields): BankAccount | AccountError {
  const iban = (textOf(given.iban) ?? '').replaceAll(' ', '').toUpperCase();
  const country = iban.slice(0, 2);
  if (!isIban(iban)) return { param: 'sepa_debit[iban]', code: 'invalid_bank_account_iban', message: 'The IBAN you provided is invalid.' };
  const shown: Fields = {
    ...{ bank_code: iban.slice(4, 4 + (bankCodes[country] ?? 4)), branch_code: '', country },
    ...{ generated_from: { charge: null, setup_attempt: null }, last4: iban.slice(-tail) },
  };
  return { shown, secret: { iban }, identity: iban };
}

/** The number that a company or person of Brazil has with its treasury: 11 or 14 digits. */
function taxPayer(given: Fields): BankAccount | AccountError {
  const number = textOf(given.tax_id) ?? '';
  if (!/^(\d{11}|\d{14})$/.test(number.replace(/[./-]/g, '')))
    return {
      param: 'boleto[tax_id]',
      code: 'tax_id_invalid',
      message: 'The tax ID you provided is invalid: a CPF has 11 digits, a CNPJ 14.',
    };
  return { shown: { tax_id: number }, secret: {}, identity: number };
}

/** What was given of who pays and from where, by the way it is paid. */
export function bankAccountOf(way: Way, given: Fields): BankAccount | AccountError {
  if (way === 'us_bank_account') return usAccount(given);
  if (way === 'sepa_debit') return euroAccount(given);
  return way === 'boleto' ? taxPayer(given) : { shown: {}, secret: {}, identity: '' };
}

const testBank = '110000000';
/** The published test accounts: `pm_usBankAccount_<name>` stands for them. */
const tests: Readonly<Record<string, string>> = {
  ...{ success: '000123456789', accountClosed: '000111111113', noAccount: '000111111116', insufficientFunds: '000222222227' },
  ...{ debitNotAuthorized: '000333333335', dispute: '000555555559' },
};

/** The data of the payment method that `pm_usBankAccount_success` stands for. */
export function testAccountNamed(id: string): Fields | undefined {
  const [, name = ''] = /^pm_usBankAccount_(\w+)$/.exec(id) ?? [];
  const number = Object.hasOwn(tests, name) ? tests[name] : undefined;
  if (number === undefined) return undefined;
  return {
    ...{ type: 'us_bank_account', billing_details: { name: 'Jenny Rosen' } },
    us_bank_account: { routing_number: testBank, account_number: number, account_holder_type: 'individual' },
  };
}
