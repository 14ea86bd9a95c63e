import { Iso20022Error } from '#wire/iso20022/violation.ts';
import { accountHolder, addressesOf, isCashCurrency, transferTypes } from '../../domain/cash.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { isDown } from '../../domain/outage.ts';
import { type Fate, type Incoming, incomingReport, incomingTransfers } from '../../engine/bank/incoming.ts';
import { transferMessage } from '../../engine/bank/transfer.ts';
import { cashLeft, customerAt, isAutomatic, payByCash, virtualAccount } from '../cash.ts';
import { changed } from '../change.ts';
import { fundedLine } from '../cash-step.ts';
import { fileKind } from '../clearing.ts';
import { invalid, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { claimed, type Desk, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const lineKind = 'customer_cash_balance_transaction';

async function instructions({ world, desk, id, input }: Request): Promise<object> {
  await found(world, desk.at, 'customer', id);
  const currency = String(input.currency).toLowerCase();
  if (!isCashCurrency(currency)) throw invalid('currency', `No bank transfer is taken in ${currency}.`);
  const number = await virtualAccount(world, desk, id, currency);
  const country = currency === 'eur' ? 'DE' : 'US';
  const transfer = { country, financial_addresses: addressesOf(currency, number), type: transferTypes[currency] };
  return {
    id: `fi_${number}`,
    object: 'funding_instructions',
    bank_transfer: transfer,
    currency,
    funding_type: 'bank_transfer',
    livemode: desk.livemode,
  };
}

/** Keeps a message of a clearing house as it came or went. */
async function keepMessage(world: World, desk: Desk, text: string, about: Fields): Promise<string> {
  const id = desk.ids('clf');
  const own = { id, object: fileKind, created: desk.created, livemode: desk.livemode, currency: '', answer_to: null, amount: null };
  const thing: Thing = { ...own, ...about };
  await world.objects.commit(desk.at, [
    await world.objects.insertion(desk.at, thing),
    await world.contents.insertion(desk.at, id, Buffer.from(text)),
  ]);
  return id;
}

const railOf = (currency: string) => (currency === 'eur' ? 'sct_inst' : 'rtp');
const stepOf = ({ identity }: Incoming): string => `incoming ${identity}`;

/** Credits a transfer to the customer whose account it names; why not, where it cannot be. `file` is what it came in. */
async function credited(world: World, desk: Desk, incoming: Incoming, file: string): Promise<string | undefined> {
  const { account, amount, currency, sender, from, reference } = incoming;
  const owner = await customerAt(world, desk.at, account);
  if (!owner) return 'AC01';
  if (owner.currency !== currency || !isCashCurrency(currency)) return 'AM03';
  if (amount === 0) return 'AM01';
  const customer = String(owner.customer);
  const step = stepOf(incoming);
  return world.steps.on(desk.at, step, async () => {
    const line = (await world.objects.get(desk.at, lineKind, fundedLine(step)))?.thing;
    // What comes again is the same; another that calls itself the same is not taken.
    if (line) return line.customer === customer && line.net_amount === amount ? undefined : 'AM05';
    if (!(await world.objects.get(desk.at, 'customer', customer))) return 'AC04';
    const own: Fields = currency === 'eur' ? { iban_last4: from.slice(-4), sender_name: sender } : { sender_name: sender, network: 'rtp' };
    const type = transferTypes[currency];
    const transfer: Fields = { [type]: own, reference, type };
    const input: Fields = { customer, file, rail: railOf(currency), desk: writtenDesk(desk) };
    // Who sent it is sealed with the step.
    const sent: Thing = { ...incoming, id: step, object: 'incoming_transfer', transaction: null, transfer };
    await world.steps.take(desk.at, { id: step, kind: 'fund', subject: step, input, made: [{ thing: sent, hidden: {}, version: 0 }] });
    return undefined;
  });
}

/** A clearing house that is down hands nothing over. */
async function assertUp(world: World, desk: Desk, currency: string): Promise<void> {
  const { down } = await world.networks.conditions(desk.at);
  const rail = railOf(currency);
  if (isDown(down, rail)) throw refuse('StateInvalid', `The clearing house ${rail} is down: no transfer comes in until it is up again.`);
}

/** Takes a message in as the clearing house hands it over, and answers the report that goes back. */
async function received(world: World, desk: Desk, text: string): Promise<{ id: string; content: string; transfers: Incoming[] }> {
  let transfers: Incoming[];
  try {
    transfers = incomingTransfers(text);
  } catch (error) {
    if (error instanceof Iso20022Error) throw invalid('message', error.message);
    throw error;
  }
  const [first] = transfers;
  if (!first) throw invalid('message', 'There is no transfer in it.');
  await assertUp(world, desk, first.currency);
  const about = { rail: railOf(first.currency), entries: transfers.length };
  const came = await keepMessage(world, desk, text, { ...about, direction: 'received', format: 'pacs.008' });
  const fates: Fate[] = [];
  for (const each of transfers) {
    const { end, transaction } = each;
    fates.push({ end, transaction, code: await credited(world, desk, each, came) });
  }
  const content = incomingReport(first.message, fates, new Date(desk.created * 1000), `${came.slice(0, 30)}-r`);
  const id = await keepMessage(world, desk, content, { ...about, direction: 'sent', format: 'pacs.002', answer_to: came });
  return { id, content, transfers };
}

/** The simulated bank of a customer sends money, as they would have it do. */
async function fund({ world, desk, id, input }: Request): Promise<Thing> {
  const { thing: customer } = await found(world, desk.at, 'customer', id);
  const currency = String(input.currency).toLowerCase();
  if (!isCashCurrency(currency)) throw invalid('currency', `No bank transfer is taken in ${currency}.`);
  const amount = Number(input.amount);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  await assertUp(world, desk, currency);
  await claimed(world, desk);
  const number = await virtualAccount(world, desk, id, currency);
  const account = currency === 'eur' ? { iban: number } : { routing: '110000000', number, holder: 'company', type: 'checking' };
  const [end, message] = [desk.ids('tr'), desk.ids('msg')];
  const order = {
    ...({ id: end, way: 'credit', purpose: 'payment', amount, currency, account } as const),
    ...{ name: accountHolder, mandate: { id: '', signed: '' } },
  };
  const payer = { name: textOf(customer.name) ?? '', reference: textOf(input.reference) ?? end };
  const { text } = transferMessage(order, railOf(currency), new Date(desk.created * 1000), message, payer);
  const { transfers } = await received(world, desk, text);
  const [sent] = transfers;
  return (await found(world, desk.at, lineKind, fundedLine(sent ? stepOf(sent) : ''))).thing;
}

/** What a customer has sent and not used, and whether it pays by itself what waits for it. */
async function balanceOf(world: World, desk: Desk, id: string): Promise<object> {
  const kept = await found(world, desk.at, 'customer', id);
  const available = await cashLeft(world, desk.at, id);
  const settings = {
    reconciliation_mode: isAutomatic(kept) ? 'automatic' : 'manual',
    using_merchant_default: kept.hidden.cash_mode === undefined,
  };
  return {
    ...{ id: `cash_${id}`, object: 'cash_balance', available: Object.keys(available).length > 0 ? available : null, customer: id },
    ...{ customer_account: null, livemode: kept.thing.livemode ?? false, settings },
  };
}

/** A payment is paid whole out of what is there, or not. */
async function applied({ world, desk, id, input }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, 'payment_intent', id);
  const { thing } = kept;
  if (desk.again && thing.status === 'succeeded') return thing;
  if (thing.status !== 'requires_action' || kept.hidden.transfer === undefined)
    throw refuse('StateInvalid', `This payment does not wait for a bank transfer: its status is ${String(thing.status)}.`, {
      code: 'payment_intent_unexpected_state',
    });
  if (input.currency != null && String(input.currency).toLowerCase() !== thing.currency)
    throw invalid('currency', `The payment is of ${String(thing.currency)}.`);
  if (input.amount != null && input.amount !== thing.amount)
    throw invalid('amount', 'A payment is paid whole out of what its customer has sent: leave the amount out, or say all of it.');
  await payByCash(world, desk.at, desk.created, kept, `applied ${desk.seed}`);
  const next = (await found(world, desk.at, 'payment_intent', id)).thing;
  // Another payment may have used it meanwhile.
  if (next.status !== 'succeeded')
    throw refuse('BalanceInsufficient', 'The customer has not sent enough for this payment.', { code: 'cash_balance_insufficient' });
  return next;
}

export const cashHandlers = (world: World) =>
  handlersOf(world, {
    CreateFundingInstructions: instructions,
    FundCashBalance: fund,
    ReceiveTransfer: async ({ world, desk, input }) => {
      const { id, content } = await received(world, desk, String(input.message));
      return { id, object: 'clearing_file_contents', format: 'pacs.002', content };
    },
    GetCashBalance: ({ world, desk, id }) => balanceOf(world, desk, id),
    UpdateCashBalance: async ({ world, desk, id, input }) => {
      const mode = textOf(fieldsOf(input.settings).reconciliation_mode);
      const change = ({ thing, hidden: { cash_mode: _, ...hidden } }: Kept) => ({
        next: thing,
        hidden: mode === undefined || mode === 'merchant_default' ? hidden : { ...hidden, cash_mode: mode },
      });
      if (mode !== undefined) await changed(world, desk, 'customer', id, change);
      return balanceOf(world, desk, id);
    },
    ApplyCustomerBalance: applied,
    ListCashBalanceTransactions: async ({ world, desk, id, input }) => {
      await found(world, desk.at, 'customer', id);
      const page = pageOf(input);
      const where = [...page.where, ['customer = ?', id] as const];
      return listed(world.objects, desk.at, lineKind, { ...page, where }, `/v1/customers/${id}/cash_balance_transactions`);
    },
  }) satisfies Partial<All>;
