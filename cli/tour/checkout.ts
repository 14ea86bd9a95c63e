import { setTimeout as sleep } from 'node:timers/promises';
import type Stripe from 'stripe';
import { tourComesBackMs, tourLookMs } from '../limits.ts';
import type { Stage } from './stage.ts';

const price = 1250;
const monthly = 900;
const card = '4000000000003220';

/** What somebody fills in on a page; the pages have no scripts, so that this is all that a browser does. */
async function filled(url: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const reply = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  return reply.headers.get('location') ?? '';
}

/** Somebody buys on the hosted page, and their bank asks whether it is them. */
export async function checkoutSteps(stage: Stage, stripe: Stripe): Promise<void> {
  const began = performance.now();
  const session = await stripe.checkout.sessions.create({
    ...{ mode: 'payment', success_url: 'https://shop.example/thanks' },
    line_items: [{ quantity: 2, price_data: { currency: 'gbp', unit_amount: price, product_data: { name: 'Film' } } }],
  });
  const buyer = { email: 'ada@example.com', number: card, expiry: '12 / 40', cvc: '123', name: 'Ada L' };
  const bank = await filled(String(session.url), buyer);
  stage.assert(bank.includes('/3d_secure/'), 'the bank did not ask');
  const back = await filled(bank, { outcome: 'authenticated' });
  const thanks = (await fetch(back, { redirect: 'manual' })).headers.get('location');
  const done = await stripe.checkout.sessions.retrieve(session.id);
  stage.assert(done.payment_status === 'paid' && thanks === 'https://shop.example/thanks', 'the page was not paid');
  stage.done('somebody buys on the page of checkout, and their bank asks whether it is them', began);
}

/** A subscription lives through a month in a moment, by a clock of its own. */
export async function subscriptionSteps(stage: Stage, stripe: Stripe): Promise<void> {
  const began = performance.now();
  const now = Math.floor(Date.now() / 1000);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: now });
  const customer = await stripe.customers.create({ test_clock: clock.id, payment_method: 'pm_card_visa' });
  const [kept] = (await stripe.customers.listPaymentMethods(customer.id)).data;
  const sold = await stripe.prices.create({
    ...{ currency: 'gbp', unit_amount: monthly, recurring: { interval: 'month' }, product_data: { name: 'Club' } },
  });
  const made = await stripe.subscriptions.create({
    ...{ customer: customer.id, items: [{ price: sold.id }], default_payment_method: String(kept?.id) },
  });
  const day = 86_400;
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: now + 32 * day });
  for (const end = performance.now() + tourComesBackMs; performance.now() < end; await sleep(tourLookMs)) {
    if ((await stripe.testHelpers.testClocks.retrieve(clock.id)).status === 'ready') break;
  }
  const bills = await stripe.invoices.list({ subscription: made.id });
  const isPaid = bills.data.length === 2 && bills.data.every(({ status, amount_paid }) => status === 'paid' && amount_paid === monthly);
  stage.assert(isPaid, `of the two months ${bills.data.filter(({ status }) => status === 'paid').length} are paid`);
  stage.done('a subscription lives through a month, and both of its invoices are paid', began);
}

/** What is there to be paid out goes to the bank, and not a unit more. */
export async function payoutSteps(stage: Stage, stripe: Stripe): Promise<void> {
  const began = performance.now();
  const paid = { amount: price, currency: 'usd', confirm: true, payment_method: 'pm_card_bypassPending' } as const;
  await stripe.paymentIntents.create(paid);
  const all = Array.from({ length: 5 }, () => stripe.payouts.create({ amount: price, currency: 'usd' }));
  const made = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;
  stage.assert(made === 1, `${made} payouts of all that was there were made`);
  stage.done('five payouts of all that is there race to the bank, and one gets it', began);
}
