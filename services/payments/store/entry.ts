import type { Placed } from '#kernel/contract/provider.ts';
import { type Step, transferId } from '#seams/ledger/step.ts';
import { type Transfer, transferFlag } from '#wire/tigerbeetle/record.ts';
import type { Fields, Thing } from '../domain/json.ts';
import { type Account, accountId } from './book.ts';
import type { Payment } from './payment.ts';
import type { World } from './world.ts';

/** What a payment left in the ledger may be named after: beside itself its refunds, disputes, and what of it was passed on. */
type Named = Readonly<Record<'refunds' | 'disputes' | 'transfers', readonly Thing[]>>;

/** Steps of a payment that capture, by how many holds there may be. */
const capturesMost = 10;

/** Every step that a payment may have taken; the ledger knows which it has. */
function stepsOf({ money, attempts, holds }: Payment, { refunds, disputes, transfers }: Named): Step[] {
  const { intent } = money;
  const tries = Array.from({ length: attempts + 1 }, (_, attempt) => attempt);
  const held = [...tries.map((attempt) => ({ step: 'authorize', attempt })), ...holds.filter(({ step }) => step === 'increment')];
  return [
    ...held.flatMap(({ step, attempt }) =>
      [step, `cancel ${step}`, `decline ${step}`].map((each): Step => ({ intent, step: each, attempt })),
    ),
    ...Array.from({ length: capturesMost }, (_, attempt): Step => ({ intent, step: 'capture', attempt })),
    ...['refundable', 'fee', 'application fee'].map((step): Step => ({ intent, step })),
    ...refunds.flatMap(({ id }) => ['refundable', 'reversible', 'reverse', 'refund'].map((step): Step => ({ intent: id, step }))),
    ...disputes.flatMap(({ id }) =>
      ['withdraw refundable', 'withdraw', 'reinstate refundable', 'reinstate'].map((step): Step => ({ intent: id, step })),
    ),
    ...transfers.flatMap(({ id }) => ['transfer', 'reversible'].map((step): Step => ({ intent: id, step }))),
  ];
}

/** The accounts that these steps are between, by their ids. */
function accountsOf({ money: { intent, currency } }: Payment, { transfers }: Named): ReadonlyMap<bigint, string> {
  const own: readonly (readonly [Account, string])[] = [
    ...(['clearing', 'balance', 'disputed', 'issued', 'fees', 'paid'] as const).map((account) => [account, currency] as const),
    ['refundable', intent],
    ...transfers.flatMap(({ id, destination }) => [
      ['refundable', id] as const,
      ['connected', `${String(destination)} ${currency}`] as const,
    ]),
  ];
  return new Map(own.map(([account, name]) => [accountId(account, name), `${account} ${name}`]));
}

const kindOf = ({ flags }: Transfer): string =>
  (flags & transferFlag.pending) !== 0
    ? 'hold'
    : (flags & transferFlag.post) !== 0
      ? 'post'
      : (flags & transferFlag.void) !== 0
        ? 'void'
        : 'move';

/** What a payment left in the ledger, in its order: each entry takes from one account and gives to another. */
export async function entriesOf(world: World, at: Placed, payment: Payment, named: Named): Promise<Fields[]> {
  const steps = stepsOf(payment, named);
  const words = new Map(steps.map((step) => [transferId(step), step]));
  const accounts = accountsOf(payment, named);
  const made = await world.money.made(at, steps);
  return made.map((transfer) => {
    const step = words.get(transfer.id);
    const side = (id: bigint): Fields => ({ id: String(id), account: accounts.get(id) ?? null });
    return {
      ...{ id: String(transfer.id), of: step?.intent ?? null, step: step?.step ?? null, kind: kindOf(transfer) },
      ...{ debit: side(transfer.debitAccountId), credit: side(transfer.creditAccountId), amount: Number(transfer.amount) },
      ...{ pending: transfer.pendingId === 0n ? null : String(transfer.pendingId), ledger: transfer.ledger },
      at: Number(transfer.timestamp / 1_000_000n),
    };
  });
}
