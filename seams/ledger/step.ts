import { hash } from 'node:crypto';
import { transferFlag } from '#wire/tigerbeetle/record.ts';
import type { Ledger, NewTransfer } from './ledger.ts';
import type { Patience } from './queue.ts';

/**
 * One step of something that a service is about to do, such as `capture` of the payment `pi_1`. The same step is the same
 * transfer forever: asking again does nothing twice. One that was refused for want of balance needs another `attempt`.
 */
export type Step = { readonly intent: string; readonly step: string; readonly attempt?: number };

/** Where an amount goes. `ledger` and `code` are the service's own numbers. */
export type Move = Pick<NewTransfer, 'userData128' | 'userData64' | 'userData32'> & {
  readonly debit: bigint;
  readonly credit: bigint;
  readonly amount: bigint;
  readonly ledger: number;
  readonly code: number;
};

/** Done now, or `before`, or refused with the protocol's word; in a chain `at` is the transfer it is about. */
type Refused = { readonly done: false; readonly status: string; readonly at: number };
export type Done = { readonly done: true; readonly timestamp: bigint; readonly before?: true } | Refused;

/** The most that a post can ask for: all that is held. */
const all = (1n << 128n) - 1n;

/** The id of a step's transfer: the first 128 bits of SHA-256 over its parts, each behind its length. */
export function transferId({ intent, step, attempt = 0 }: Step): bigint {
  const parts = [intent, step, `${attempt}`].map((part) => `${Buffer.byteLength(part)}:${part}`);
  return BigInt(`0x${hash('sha256', parts.join(''), 'hex').slice(0, 32)}`);
}

/** The transfer that moves an amount at once. */
const moving = (step: Step, { debit, credit, ...rest }: Move): NewTransfer => ({
  id: transferId(step),
  debitAccountId: debit,
  creditAccountId: credit,
  ...rest,
});

/** The transfer that moves what was held, or the part of it that `amount` says; the rest is free again. */
const posting = (step: Step, held: Step, amount: bigint = all): NewTransfer => ({
  id: transferId(step),
  pendingId: transferId(held),
  amount,
  flags: transferFlag.post,
});

/** The transfer that gives back what was held. */
const releasing = (step: Step, held: Step): NewTransfer => ({
  id: transferId(step),
  pendingId: transferId(held),
  flags: transferFlag.void,
});

/** What one of several things that are done together does. */
export type Change =
  | { readonly move: Step; readonly to: Move }
  | { readonly post: Step; readonly held: Step; readonly amount?: bigint }
  | { readonly release: Step; readonly held: Step };

function transferOf(change: Change): NewTransfer {
  if ('move' in change) return moving(change.move, change.to);
  return 'post' in change ? posting(change.post, change.held, change.amount) : releasing(change.release, change.held);
}

/** Moves an amount at once. */
export function move(ledger: Ledger, step: Step, to: Move, patience?: Patience): Promise<Done> {
  return chain(ledger, [moving(step, to)], patience);
}

/** Sets an amount aside until it is posted or released, or, with `timeoutSeconds`, until that time is over. */
export function hold(ledger: Ledger, step: Step, to: Move & { readonly timeoutSeconds?: number }, patience?: Patience): Promise<Done> {
  const { timeoutSeconds = 0, ...rest } = to;
  return chain(ledger, [{ ...moving(step, rest), flags: transferFlag.pending, timeout: timeoutSeconds }], patience);
}

/** Moves what was held, or the part of it that `amount` says; the rest is free again. */
export function post(ledger: Ledger, step: Step, held: Step, amount: bigint = all, patience?: Patience): Promise<Done> {
  return chain(ledger, [posting(step, held, amount)], patience);
}

/** Gives back what was held. */
export function release(ledger: Ledger, step: Step, held: Step, patience?: Patience): Promise<Done> {
  return chain(ledger, [releasing(step, held)], patience);
}

/** Moves that are all made or none: a split with its fee, both sides of an exchange. */
export function moveTogether(ledger: Ledger, moves: readonly (readonly [step: Step, to: Move])[], patience?: Patience): Promise<Done> {
  return chain(
    ledger,
    moves.map(([step, to]) => moving(step, to)),
    patience,
  );
}

/** Changes of any form that are all made or none: a capture with what may be given back of it. */
export function changeTogether(ledger: Ledger, changes: readonly Change[], patience?: Patience): Promise<Done> {
  return chain(ledger, changes.map(transferOf), patience);
}

async function chain(ledger: Ledger, transfers: readonly NewTransfer[], patience?: Patience): Promise<Done> {
  const end = transfers.length - 1;
  const linked = transfers.map((each, index) => (index < end ? { ...each, flags: (each.flags ?? 0) | transferFlag.linked } : each));
  const results = await ledger.createTransfers(linked, patience);
  const last = results.at(-1);
  if (last?.status === 'created') return { done: true, timestamp: last.timestamp };
  const at = results.findIndex(({ status }) => status !== 'linkedEventFailed');
  const { status = 'created', timestamp = 0n } = results[at] ?? {};
  // A chain breaks at its first transfer when it was made before; as it was made whole, all of it is there.
  if (at === 0 && status === 'exists') return { done: true, timestamp, before: true };
  return { done: false, status, at };
}
