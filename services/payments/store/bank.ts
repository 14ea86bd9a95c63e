import type { Placed } from '#kernel/contract/provider.ts';
import { bankAccountOf, isAccountError, testAccountNamed } from '../domain/bank-account.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../domain/json.ts';
import { newBankMethod } from '../domain/payment-method.ts';
import { currenciesOf, isWay, saidOfPayer, ways } from '../domain/way.ts';
import type { BankAccountNumber } from '../engine/bank/order.ts';
import { invalid, refuse } from './fault.ts';
import type { Kept } from './object.ts';
import { type Desk, found, type World } from './world.ts';

/** What is to go into the next file to a clearing house, or has gone. */
export const entryKind = 'clearing_entry';
const fingerprintLength = 16;

/** What the number of an account is kept under, sealed. */
export const accountContent = (method: string): string => `account ${method}`;

/** Makes a payment method of a bank account, or of who pays a voucher; undefined for the data of a card. */
export async function newBankMethodOf(world: World, desk: Desk, data: Fields): Promise<Kept | undefined> {
  const { type } = data;
  if (!isWay(type)) return undefined;
  if (desk.livemode)
    throw refuse(
      'StateInvalid',
      'Live accounts cannot be debited here: no clearing house is connected, and the one there is is simulated.',
      {
        param: 'type',
      },
    );
  const account = bankAccountOf(type, fieldsOf(data[type]));
  if (isAccountError(account)) throw invalid(account.param, account.message, account.code);
  const own = { id: desk.ids('pm'), created: desk.created, livemode: desk.livemode };
  const fingerprint =
    ways[type].flow === 'debit' ? await world.secrets.hash(desk.at, 'account', account.identity, fingerprintLength) : undefined;
  const shown = fingerprint === undefined ? account.shown : { ...account.shown, fingerprint };
  const statements = [await world.objects.insertion(desk.at, newBankMethod(type, shown, data, own))];
  if (fingerprint !== undefined)
    statements.push(await world.contents.insertion(desk.at, accountContent(own.id), Buffer.from(JSON.stringify(account.secret))));
  await world.objects.commit(desk.at, statements);
  return found(world, desk.at, 'payment_method', own.id);
}

/** The payment method that `pm_usBankAccount_success` stands for; undefined for any other id. */
export async function bankStandIn(world: World, desk: Desk, id: string): Promise<Kept | undefined> {
  const data = desk.livemode ? undefined : testAccountNamed(id);
  return data && newBankMethodOf(world, desk, data);
}

/** The number of an account; undefined for one that was erased. */
export async function accountNumber(world: World, at: Placed, method: string): Promise<BankAccountNumber | undefined> {
  const bytes = await world.contents.get(at, accountContent(method));
  return bytes && (JSON.parse(bytes.toString()) as BankAccountNumber);
}

/** Refuses a way that a payment cannot be paid by: not named, of another currency, without what must be said, or never agreed to. */
export async function checkWay(world: World, desk: Desk, intent: Thing, method: Thing, given: Fields): Promise<void> {
  checkType(intent, method, 'PaymentIntent');
  const { type } = method;
  if (!isWay(type)) return;
  const currencies = currenciesOf(type);
  if (!currencies.includes(String(intent.currency)))
    throw invalid(
      'currency',
      `The currency provided (${String(intent.currency)}) is invalid for ${type}; it takes ${currencies.join(', ')}.`,
    );
  if (ways[type].flow === 'transfer' && typeof intent.customer !== 'string')
    throw invalid('customer', 'A payment from a cash balance needs a customer.', 'parameter_missing');
  if (intent.capture_method === 'manual')
    throw invalid('capture_method', `The payment method type ${type} cannot be captured apart from its authorization.`);
  await checkPayer(world, desk, method, given);
}

/** Refuses a payment method of a type that an intent does not name. */
export function checkType(intent: Thing, method: Thing, what: string): void {
  const types = intent.payment_method_types as readonly string[];
  if (types.includes(String(method.type))) return;
  throw invalid(
    'payment_method',
    `The PaymentMethod provided (${String(method.type)}) is not allowed for this ${what}. Please attach a PaymentMethod of one of the ` +
      `following types: ${types.join(', ')}.`,
  );
}

/** Refuses a payer of whom too little is said, or who never agreed to a debit. */
export async function checkPayer(world: World, desk: Desk, method: Thing, given: Fields): Promise<void> {
  const { type } = method;
  if (!isWay(type)) return;
  const billing = fieldsOf(method.billing_details);
  const missing = saidOfPayer[type].find(
    (name) => (name === 'address' ? textOf(fieldsOf(billing.address).line1) : textOf(billing[name])) == null,
  );
  if (missing !== undefined)
    throw invalid(`billing_details[${missing}]`, `Missing required param: billing_details[${missing}].`, 'parameter_missing');
  if (ways[type].flow === 'debit' && given.mandate_data == null && !(await mandateBehind(world, desk.at, method.id)))
    throw invalid(
      'mandate_data',
      `The payment method type ${type} needs a mandate: provide mandate_data when you confirm.`,
      'parameter_missing',
    );
}

/** The last mandate that was given for an account. */
export async function mandateBehind(world: World, at: Placed, method: string): Promise<Thing | undefined> {
  const { items } = await world.objects.list(at, 'mandate', { limit: 1, where: [[`body->>'payment_method' = ?`, method]] });
  return items[0]?.thing;
}
