import type { Placed } from '#kernel/contract/provider.ts';
import { newBankAccount } from '../domain/account.ts';
import { bankAccountOf, isAccountError } from '../domain/bank-account.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../domain/json.ts';
import type { BankAccountNumber } from '../engine/bank/order.ts';
import { invalid } from './fault.ts';
import type { Desk, World } from './world.ts';

export const bankKind = 'bank_account';
const [destinationLength, fingerprintLength] = [24, 16];

/** The number of the business' own account: where it is kept, and whose name it bears. */
export type BankNumber = { readonly content: string; readonly name: string };

/** The simulated bank's account, which payouts go to until the business names its own. */
const usual: Readonly<Record<string, Fields>> = {
  usd: { routing_number: '110000000', account_number: '000123456789' },
  eur: { account_number: 'DE89370400440532013000' },
};
const elsewhere: Fields = { routing_number: 'COBADEFFXXX', account_number: '000123456789' };
const holder = { account_holder_name: 'Gamut Test Business', account_holder_type: 'company' };

async function bankId(world: World, at: Placed, currency: string): Promise<string> {
  return `ba_1${await world.secrets.hash(at, 'bank account', currency, destinationLength)}`;
}

/** The number that was given, as its rail takes it; the API's error for one that cannot be. */
function numberIn(currency: string, given: Fields): BankAccountNumber {
  const [routing, number] = [textOf(given.routing_number) ?? '', (textOf(given.account_number) ?? '').replaceAll(' ', '')];
  if (currency !== 'usd' && currency !== 'eur') {
    if (!/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(routing)) throw invalid('routing_number', 'Give the BIC of the bank.');
    if (!/^[A-Za-z0-9]{4,34}$/.test(number)) throw invalid('account_number', 'Invalid account number.', 'account_number_invalid');
    return { bic: routing, number };
  }
  const fields = { routing_number: routing, account_number: number, account_holder_type: given.account_holder_type ?? 'company' };
  const account = currency === 'usd' ? bankAccountOf('us_bank_account', fields) : bankAccountOf('sepa_debit', { iban: number });
  if (isAccountError(account))
    throw invalid(/\[routing/.test(account.param) ? 'routing_number' : 'account_number', account.message, account.code);
  return account.secret as unknown as BankAccountNumber;
}

/** An account of a connected account at a bank. A bank that is named by no BIC is reached by way of the simulated one. */
export async function externalBank(world: World, desk: Desk, account: string, given: Fields) {
  const currency = String(given.currency);
  const isByBic = /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(String(given.routing_number));
  const routing = currency === 'usd' || currency === 'eur' || isByBic ? given.routing_number : elsewhere.routing_number;
  const secret = numberIn(currency, { ...given, routing_number: routing ?? null });
  const text = `${textOf(given.routing_number) ?? ''} ${String(given.account_number)}`;
  const fingerprint = await world.secrets.hash(desk.at, 'bank account', text, fingerprintLength);
  const bank = newBankAccount(given, account, desk.ids('ba'), fingerprint);
  return { bank, number: await world.contents.insertion(desk.at, contentOf(bank), Buffer.from(JSON.stringify(secret))) };
}

/** The object of an account and the statement that keeps its number, sealed. */
export async function bankOf(world: World, desk: Desk, currency: string, given: Fields) {
  const secret = numberIn(currency, given);
  const text = `${textOf(given.routing_number) ?? ''} ${String(given.account_number)}`;
  const fingerprint = await world.secrets.hash(desk.at, 'bank account', text, fingerprintLength);
  const country = 'iban' in secret ? secret.iban.slice(0, 2) : 'bic' in secret ? secret.bic.slice(4, 6) : 'US';
  const id = await bankId(world, desk.at, currency);
  const shown = newBankAccount({ ...given, currency, country }, '', id, fingerprint);
  const bank: Thing = { ...shown, account: null, created: desk.created, available_payout_methods: ['standard', 'instant'] };
  return { bank, number: await world.contents.insertion(desk.at, contentOf(bank), Buffer.from(JSON.stringify(secret))) };
}

/** Where payouts of a currency go; the simulated account until the business has said. */
export async function bankFor(world: World, desk: Desk, currency: string): Promise<Thing> {
  const kept = await world.objects.get(desk.at, bankKind, await bankId(world, desk.at, currency));
  if (kept) return kept.thing;
  const { bank, number } = await bankOf(world, desk, currency, { ...(usual[currency] ?? elsewhere), ...holder });
  await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, bank), number]);
  return bank;
}

const contentOf = (bank: Thing): string => `bank ${bank.id} ${String(bank.fingerprint)}`;
export const bankNumber = (bank: Thing): BankNumber => ({ content: contentOf(bank), name: textOf(bank.account_holder_name) ?? '' });

/** The number that is kept under a name. */
export async function numberUnder(world: World, at: Placed, content: string): Promise<BankAccountNumber | undefined> {
  const bytes = await world.contents.get(at, content);
  return bytes && (JSON.parse(bytes.toString()) as BankAccountNumber);
}

export const numberKept = async (world: World, at: Placed, bank: Thing): Promise<Fields | undefined> =>
  fieldsOf((await numberUnder(world, at, contentOf(bank))) as Fields | undefined);
