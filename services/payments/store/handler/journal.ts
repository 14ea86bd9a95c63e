import { transferFlag } from '#wire/tigerbeetle/record.ts';
import { isCurrency } from '../../domain/currency.ts';
import { textOf } from '../../domain/json.ts';
import { journalBeancount, journalCsv, placeOf, type Posting } from '../../domain/journal.ts';
import { virtualKind } from '../cash.ts';
import { invalid, refuse } from '../fault.ts';
import { journalLinesMax } from '../limits.ts';
import type { Account } from '../book.ts';
import type { World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

const own = ['clearing', 'bank', 'owed', 'balance', 'disputed', 'paid', 'suspense', 'fees', 'written'] as const;
const nanoseconds = 1_000_000_000n;
const notPosted = transferFlag.pending | transferFlag.void;

/** The names of the accounts that money of a currency is on: the business' own, and those of connected accounts and customers. */
async function namesOf({ world, desk }: Request, currency: string): Promise<(readonly [Account, string])[]> {
  const names: (readonly [Account, string])[] = own.map((account) => [account, currency]);
  for await (const { id } of world.objects.each(desk.at, 'account')) names.push(['connected', `${id} ${currency}`]);
  for await (const { customer, currency: of } of world.objects.each(desk.at, virtualKind))
    if (of === currency) names.push(['cash', `${String(customer)} ${currency}`]);
  return names;
}

/** Every posted transfer of money in a time, as the ledger has it: nothing that is only held, and no account beside those of money. */
async function postingsOf(request: Request, currency: string, from: bigint, until: bigint): Promise<Posting[]> {
  const { world, desk } = request;
  const named = world.money.named(await namesOf(request, currency));
  const place = (id: bigint) => {
    const [account, name] = named.get(id) ?? ['', id.toString(16)];
    return placeOf(account, name, currency);
  };
  const postings: Posting[] = [];
  for await (const transfer of world.money.transfers(desk.at, currency, from, until)) {
    if ((transfer.flags & notPosted) !== 0 || transfer.amount === 0n) continue;
    if (postings.length >= journalLinesMax)
      throw refuse('ParameterInvalid', `One export has at most ${journalLinesMax} lines: say a shorter time.`, { param: 'until' });
    const { id, timestamp, debitAccountId, creditAccountId, amount } = transfer;
    postings.push({
      ...{ id: id.toString(16), at: Number(timestamp / 1_000_000n), debit: place(debitAccountId), credit: place(creditAccountId) },
      ...{ amount: Number(amount), currency },
    });
  }
  return postings;
}

async function exported(request: Request) {
  const { world, desk, input } = request;
  const asked = textOf(input.currency)?.toLowerCase();
  if (asked !== undefined && !isCurrency(asked)) throw invalid('currency', `Invalid currency: ${asked}.`);
  const known = await world.objects.pending(desk.at, desk.created);
  const currencies = asked === undefined ? known.map(({ currency }) => currency) : [asked];
  const from = BigInt(Number(input.from ?? 0)) * nanoseconds;
  const until = BigInt(Number(input.until ?? desk.created + 1)) * nanoseconds;
  const all: Posting[] = [];
  for (const currency of currencies) all.push(...(await postingsOf(request, currency, from === 0n ? 1n : from, until)));
  all.sort((a, b) => a.at - b.at);
  const content = input.format === 'beancount' ? journalBeancount(all) : journalCsv(all);
  return { id: 'journal', object: 'journal', format: String(input.format), lines: all.length, content };
}

export const journalHandlers = (world: World) => handlersOf(world, { ExportJournal: exported }) satisfies Partial<All>;
