import { type CardFacts, methodCard } from './card.ts';
import { billingOf } from './customer.ts';
import { type Fields, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A payment method over a card. */
export function newPaymentMethod(card: CardFacts, given: Fields, { id, created, livemode }: Own): Thing {
  return {
    ...{ id, object: 'payment_method', allow_redisplay: given.allow_redisplay ?? 'unspecified' },
    ...{ billing_details: billingOf(given.billing_details), card: methodCard(card), created, customer: null, customer_account: null },
    ...{ livemode, metadata: merged({}, given.metadata), type: 'card' },
  };
}

/** The payment method with what was given in place of what was there. */
export function changedPaymentMethod(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  if (given.billing_details !== undefined)
    next.billing_details = billingOf({ ...(before.billing_details as Fields), ...((given.billing_details ?? {}) as Fields) });
  if (typeof given.allow_redisplay === 'string') next.allow_redisplay = given.allow_redisplay;
  const card = (given.card ?? {}) as Fields;
  const dates = Object.fromEntries(['exp_month', 'exp_year'].flatMap((name) => (card[name] === undefined ? [] : [[name, card[name]]])));
  next.card = { ...(before.card as Fields), ...(dates as Fields) };
  return next;
}
