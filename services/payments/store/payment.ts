import { type Fields, type Json, textOf, type Thing } from '../domain/json.ts';
import type { Behaviour } from '../domain/test-card.ts';
import type { Hold } from './money.ts';
import type { Kept } from './object.ts';

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

type Hidden = { attempts?: number; holds?: readonly Hold[]; authenticated?: string | null; challenge?: Fields };

export const hiddenOf = (kept: Kept, more: Hidden): Fields => ({
  ...kept.hidden,
  ...(more as unknown as Fields),
});

/** What the simulated issuer does with the card of a payment method. */
export const behaviourOf = ({ hidden }: Kept): Behaviour => (hidden.behaviour ?? { kind: 'approve' }) as unknown as Behaviour;

export const asJson = (value: unknown): Json => value as Json;
