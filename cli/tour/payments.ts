import type Stripe from 'stripe';
import { checkoutSteps, payoutSteps, subscriptionSteps } from './checkout.ts';
import { killAndAwait } from './kill.ts';
import type { Stage } from './stage.ts';

const amount = 1000;
const part = 60;
const racing = 50;

/**
 * Payments through the unmodified stripe client: one held, taken, and given back by many at once while the service is killed;
 * a page, a subscription and a payout.
 */
export async function paymentsScene(stage: Stage): Promise<void> {
  const there = { environment: stage.cast.organization };
  const { stripe: keys } = await stage.admin.CreateCredential(
    { project: 'films', environment: 'test', role: 'admin', title: 'tour shop' },
    there,
  );
  const { default: Client } = await import('stripe');
  const { hostname, port, host } = new URL(stage.doors['payments.stripe']?.url ?? '');
  const open = (more: Stripe.StripeConfig = {}) =>
    new Client(keys.secretKey, { host: hostname, port: Number(port), protocol: 'http', ...more });
  const stripe = open({ maxNetworkRetries: 10 });
  stage.scene(`Payments at ${host}, by the unmodified stripe client`);

  let began = performance.now();
  const held = await stripe.paymentIntents.create({
    ...{ amount, currency: 'eur', capture_method: 'manual', confirm: true, payment_method: 'pm_card_visa' },
  });
  const taken = await stripe.paymentIntents.capture(held.id);
  stage.assert(taken.status === 'succeeded' && taken.amount_received === amount, 'the payment was not taken');
  stage.done('a payment of 10.00 EUR is held, then taken', began);

  began = performance.now();
  const declined = await open()
    .paymentIntents.create({ amount, currency: 'eur', confirm: true, payment_method: 'pm_card_chargeDeclinedInsufficientFunds' })
    .then(() => undefined)
    .catch((error: Stripe.errors.StripeError) => error.decline_code);
  stage.assert(declined === 'insufficient_funds', 'the decline was not told');
  stage.done('a card without funds is declined, with the code of its issuer', began);

  await checkoutSteps(stage, stripe);
  await subscriptionSteps(stage, stripe);
  await payoutSteps(stage, stripe);

  began = performance.now();
  const asked = Promise.allSettled(
    Array.from({ length: racing }, (_, at) =>
      stripe.refunds.create({ payment_intent: held.id, amount: part }, { idempotencyKey: `${held.id} ${at}` }),
    ),
  );
  await killAndAwait(stage.data, 'payments');
  await asked;
  // What broke off is asked again under its key: what was done is told, and nothing is done twice.
  const again = await Promise.allSettled(
    Array.from({ length: racing }, (_, at) =>
      stripe.refunds.create({ payment_intent: held.id, amount: part }, { idempotencyKey: `${held.id} ${at}` }),
    ),
  );
  const made = new Set(again.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : [])));
  const possible = Math.floor(amount / part);
  stage.assert(made.size === possible, `${made.size} refunds were made where ${possible} are possible`);
  stage.done(`${racing} refunds of 0.60 race, and payments is killed meanwhile: ${possible} are made, the rest refused`, began);

  began = performance.now();
  const lines = await Array.fromAsync(stripe.balanceTransactions.list({ currency: 'eur', limit: 100 }));
  const { available, pending } = await stripe.balance.retrieve();
  const balance = [...available, ...pending].filter(({ currency }) => currency === 'eur').reduce((sum, each) => sum + each.amount, 0);
  const sum = lines.reduce((total, { net }) => total + net, 0);
  stage.assert(sum === balance && sum === amount - possible * part, `the statement says ${sum} and the ledger ${balance}`);
  stage.done(`the statement and the ledger agree: ${(sum / 100).toFixed(2)} EUR are left`, began);
}
