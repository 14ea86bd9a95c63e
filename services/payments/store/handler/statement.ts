import { fault } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Thing } from '../../domain/json.ts';
import type { Deliveries } from '../delivery.ts';
import { found } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { belongingTo } from './payout.ts';

/** A line says by the time of whoever reads it whether its money may be paid out. */
const current = (line: Thing, now: number): Thing => ({ ...line, status: Number(line.available_on) > now ? 'pending' : 'available' });

/** What there is: the ledger says how much, and the statement how much of it waits. */
async function balance(request: Request) {
  const { world, desk, input } = request;
  if (typeof input.account === 'string') return balanceOf(request, input.account);
  const rows = await world.objects.pending(desk.at, desk.created);
  const totals = await world.money.balances(
    desk.at,
    rows.map(({ currency }) => currency),
  );
  const all = rows.length > 0 ? rows : [{ currency: 'usd', pending: 0n }];
  const part = (currency: string, amount: number) => ({ amount, currency, source_types: { card: amount } });
  return {
    object: 'balance',
    available: all.map(({ currency, pending }) => part(currency, (totals.get(currency) ?? 0) - Number(pending))),
    connect_reserved: all.map(({ currency }) => ({ amount: 0, currency })),
    livemode: desk.livemode,
    pending: all.map(({ currency, pending }) => part(currency, Number(pending))),
  };
}

/** What a connected account has. */
async function balanceOf({ world, desk }: Request, account: string) {
  if (!(await world.objects.get(desk.at, 'account', account)))
    throw fault('Denied', `The provided key does not have access to account '${account}' (or that account does not exist).`);
  const all = [...(await world.money.owned(desk.at, 'connected', account, await world.objects.currenciesTo(desk.at, account)))];
  const available = all.map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
  const pending = all.map(([currency]) => ({ amount: 0, currency, source_types: { card: 0 } }));
  return { object: 'balance', available, livemode: desk.livemode, pending };
}

/** Events say how many endpoints have not taken them yet. */
async function withPending(deliveries: Deliveries, at: Placed, events: readonly Thing[]): Promise<Thing[]> {
  const pending = await deliveries.pending(
    at,
    events.map(({ id }) => id),
  );
  return events.map((event) => ({ ...event, pending_webhooks: pending.get(event.id) ?? 0 }));
}

async function events(deliveries: Deliveries, { world, desk, input }: Request) {
  const page = pageOf(input, { type: `body->>'type' like replace(?, '*', '%') escape ''` });
  const { types } = input;
  const where = Array.isArray(types) ? [...page.where, [`body->>'type' = any(?::text[])`, types as string[]] as const] : page.where;
  const list = await listed(world.objects, desk.at, 'event', { ...page, where }, '/v1/events');
  return { ...list, data: await withPending(deliveries, desk.at, list.data) };
}

export const statementHandlers = (world: Request['world'], deliveries: Deliveries) =>
  handlersOf(world, {
    GetBalance: balance,
    GetBalanceTransaction: async ({ world, desk, id }) =>
      current((await found(world, desk.at, 'balance_transaction', id)).thing, desk.created),
    ListBalanceTransactions: async ({ world, desk, input }) => {
      const filters = {
        source: 'source = ?',
        type: `body->>'type' = ?`,
        currency: `body->>'currency' = ?`,
        payout: `hidden->>'payout' = ?`,
      };
      const page = pageOf(input, filters);
      // A line of a payout of a connected account is found under that payout alone.
      const where = [...page.where, belongingTo(undefined)];
      const list = await listed(world.objects, desk.at, 'balance_transaction', { ...page, where }, '/v1/balance_transactions');
      return { ...list, data: list.data.map((line) => current(line, desk.created)) };
    },
    GetEvent: async ({ world, desk, id }) => {
      const { thing } = await found(world, desk.at, 'event', id);
      return (await withPending(deliveries, desk.at, [thing]))[0] ?? thing;
    },
    ListEvents: (request) => events(deliveries, request),
  }) satisfies Partial<All>;
