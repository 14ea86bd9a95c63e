import { Iso20022Error } from '#wire/iso20022/violation.ts';
import { addressesOf, isCashCurrency, transferTypes } from '../../domain/cash.ts';
import { type Fields, textOf, type Thing } from '../../domain/json.ts';
import { bookedNotice, type Fate, type Incoming, incomingReport, incomingTransfers } from '../../engine/bank/incoming.ts';
import { transferMessage } from '../../engine/bank/transfer.ts';
import { cashLeft, cashOf, customerAt, reconcile, virtualAccount } from '../cash.ts';
import { fileKind } from '../clearing.ts';
import { invalid } from '../fault.ts';
import { type Desk, deskOfCause, found, type World, writtenDesk } from '../world.ts';
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

/** Credits a transfer to the customer whose account it names; why not, where it cannot be. */
async function credited(world: World, desk: Desk, incoming: Incoming): Promise<string | undefined> {
  const { account, amount, currency, message, end, sender, from, reference } = incoming;
  const owner = await customerAt(world, desk.at, account);
  if (!owner) return 'AC01';
  if (owner.currency !== currency) return 'AM03';
  const customer = String(owner.customer);
  if (!(await world.objects.get(desk.at, 'customer', customer))) return 'AC04';
  // A transfer is told from others by these names: one that comes again is the same.
  const step = `incoming ${from} ${message} ${end}`;
  const own: Fields = currency === 'eur' ? { iban_last4: from.slice(-4), sender_name: sender } : { sender_name: sender, network: 'rtp' };
  const type = isCashCurrency(currency) ? transferTypes[currency] : 'eu_bank_transfer';
  const transfer: Fields = { [type]: own, reference, type };
  const input: Fields = { customer, currency, amount, transfer, desk: writtenDesk(desk) };
  await world.steps.on(desk.at, cashOf(customer), async () => {
    if (await world.steps.wasTaken(desk.at, step)) return;
    await world.steps.take(desk.at, { id: step, kind: 'fund', subject: cashOf(customer), input });
  });
  await reconcile(world, desk.at, desk.created, customer, currency, step);
  return undefined;
}

/** Takes a message in as the clearing house hands it over, and answers the report that goes back. */
async function received(world: World, desk: Desk, text: string): Promise<{ id: string; content: string; fates: Fate[] }> {
  let transfers: Incoming[];
  try {
    transfers = incomingTransfers(text);
  } catch (error) {
    if (error instanceof Iso20022Error || error instanceof TypeError) throw invalid('message', error.message);
    throw error;
  }
  const [first] = transfers;
  if (!first) throw invalid('message', 'There is no transfer in it.');
  const rail = first.currency === 'eur' ? 'sct_inst' : 'rtp';
  const about = { rail, entries: transfers.length };
  const came = await keepMessage(world, desk, text, { ...about, direction: 'received', format: 'pacs.008' });
  const fates: Fate[] = [];
  for (const each of transfers) fates.push({ end: each.end, code: await credited(world, desk, each) });
  const moment = new Date(desk.created * 1000);
  const content = incomingReport(first.message, fates, moment, `${came.slice(0, 30)}-r`);
  const id = await keepMessage(world, desk, content, { ...about, direction: 'sent', format: 'pacs.002', answer_to: came });
  const taken = transfers.filter((_, index) => fates[index]?.code === undefined);
  if (taken.length > 0) {
    const notice = bookedNotice(taken, moment, `${came.slice(0, 30)}-n`);
    await keepMessage(world, desk, notice, { ...about, direction: 'received', format: 'camt.054', answer_to: came });
  }
  return { id, content, fates };
}

/** The simulated bank of a customer sends money, as they would have it do. */
async function fund({ world, desk, id, input }: Request): Promise<Thing> {
  const { thing: customer } = await found(world, desk.at, 'customer', id);
  const currency = String(input.currency).toLowerCase();
  if (!isCashCurrency(currency)) throw invalid('currency', `No bank transfer is taken in ${currency}.`);
  const amount = Number(input.amount);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  const number = await virtualAccount(world, desk, id, currency);
  const account = currency === 'eur' ? { iban: number } : { routing: '110000000', number, holder: 'company', type: 'checking' };
  const [end, message] = [desk.ids('tr').slice(0, 35), desk.ids('msg').slice(0, 35)];
  const order = {
    ...({ id: end, way: 'credit', purpose: 'payment', amount, currency, account } as const),
    name: textOf(customer.name) ?? '',
    mandate: { id: '', signed: '' },
  };
  const reference = textOf(input.reference) ?? end;
  const { text } = transferMessage(order, currency === 'eur' ? 'sct_inst' : 'rtp', new Date(desk.created * 1000), message, reference);
  await received(world, deskOfCause(desk.at, `fund ${desk.seed}`, desk.created, desk.livemode), text);
  const where = [['customer = ?', id], [`body->>'type' = 'funded'`], [`body->>'currency' = ?`, currency]] as const;
  const { items } = await world.objects.list(desk.at, lineKind, { limit: 1, where });
  const [line] = items;
  if (!line) throw new TypeError('what came in has a line');
  return line.thing;
}

export const cashHandlers = (world: World) =>
  handlersOf(world, {
    CreateFundingInstructions: instructions,
    FundCashBalance: fund,
    ReceiveTransfer: async ({ world, desk, input }) => {
      const { id, content } = await received(world, desk, String(input.message));
      return { id, object: 'clearing_file_contents', format: 'pacs.002', content };
    },
    GetCashBalance: async ({ world, desk, id }) => {
      const { thing } = await found(world, desk.at, 'customer', id);
      const available = await cashLeft(world, desk.at, id);
      const settings = { reconciliation_mode: 'automatic', using_merchant_default: true };
      const shown = Object.keys(available).length > 0 ? available : null;
      return {
        id: `cash_${id}`,
        object: 'cash_balance',
        available: shown,
        customer: id,
        customer_account: null,
        livemode: thing.livemode ?? false,
        settings,
      };
    },
    ListCashBalanceTransactions: async ({ world, desk, id, input }) => {
      await found(world, desk.at, 'customer', id);
      const page = pageOf(input);
      const where = [...page.where, ['customer = ?', id] as const];
      return listed(world.objects, desk.at, lineKind, { ...page, where }, `/v1/customers/${id}/cash_balance_transactions`);
    },
  }) satisfies Partial<All>;
