import type { Place } from './place.ts';

/** What a client of payments is given: where it is, a secret key of a test environment, and a word that no run before had. */
export type StripeInput = { readonly address: string; readonly key: string; readonly run: string };

export async function stripeInput(place: Place): Promise<StripeInput> {
  const { stripe } = await place.credential('--environment', 'test');
  return { address: place.doors['payments.stripe']?.url ?? '', key: stripe.secretKey, run: `${process.hrtime.bigint()}` };
}
