import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, type Json, textOf, type Thing } from '../domain/json.ts';
import type { Behaviour } from '../domain/test-card.ts';
import type { Hold } from './money.ts';
import type { Kept } from './object.ts';
import type { Step } from './step.ts';
import { found, type World } from './world.ts';

/** What is known of a payment beside what clients see: how often it was tried, and what is held for it. */
export type Payment = {
  readonly thing: Thing;
  readonly kept: Kept;
  readonly attempts: number;
  readonly holds: readonly Hold[];
  /** The payment method whose holder has proven to be it. */
  readonly authenticated: string | undefined;
  readonly money: { readonly intent: string; readonly currency: string };
};

export function paymentOf(kept: Kept): Payment {
  const { thing, hidden } = kept;
  return {
    thing,
    kept,
    attempts: Number(hidden.attempts ?? 0),
    holds: (hidden.holds ?? []) as unknown as Hold[],
    authenticated: textOf(hidden.authenticated),
    money: { intent: thing.id, currency: String(thing.currency) },
  };
}

/** The kind of a payment, by its id: one that is a charge without an intent is no object that clients see. */
const kindOfPayment = (id: string): string => (id.startsWith('pd_') ? 'direct_payment' : 'payment_intent');

export const paymentNamed = async (world: World, at: Placed, id: string): Promise<Payment> =>
  paymentOf(await found(world, at, kindOfPayment(id), id));

/** The object of a step: one that began with it, or one that is kept. */
export const foundIn = async (world: World, at: Placed, { made }: Step, kind: string, id: string): Promise<Kept> =>
  made?.find(({ thing }) => thing.id === id) ?? found(world, at, kind, id);

/** The payment that a step is of. */
export const paymentIn = async (world: World, at: Placed, step: Step): Promise<Payment> =>
  paymentOf(await foundIn(world, at, step, kindOfPayment(step.subject), step.subject));

/** The payment that a charge or dispute is of. */
export const paymentBehind = ({ thing, hidden }: Kept): string => textOf(hidden.payment) ?? String(thing.payment_intent);

/** What is kept beside what is of a payment without an intent. */
export const behind = (payment: Thing): Fields => (payment.object === 'payment_intent' ? {} : { payment: payment.id });

type Hidden = { attempts?: number; holds?: readonly Hold[]; authenticated?: string | null; challenge?: Fields; rail?: Fields };

export const hiddenOf = (kept: Kept, more: Hidden): Fields => ({
  ...kept.hidden,
  ...(more as unknown as Fields),
});

/** What the simulated issuer does with the card of a payment method. */
export const behaviourOf = ({ hidden }: Kept): Behaviour => (hidden.behaviour ?? { kind: 'approve' }) as unknown as Behaviour;

export const asJson = (value: unknown): Json => value as Json;
