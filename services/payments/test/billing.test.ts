import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
});
after(() => house?.stop());

async function refusal(asked: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error, 'it was not refused');
  return error as Stripe.errors.StripeError;
}

const at = (text: string): number => Date.parse(text) / 1000;

/** Lets a clock go on, until all that is due by then has happened. */
async function advance(clock: string, text: string): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: at(text) });
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await stripe.testHelpers.testClocks.retrieve(clock)).status === 'ready') return;
    await pause(25);
  }
  assert.fail('the clock did not arrive');
}

test('a clock stands until it is told to go on, and takes its customers with it', async () => {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: at('2026-01-31T00:00:00Z'), name: 'one' });
  assert.deepEqual([clock.status, clock.frozen_time, clock.name], ['ready', at('2026-01-31T00:00:00Z'), 'one']);
  const made = await stripe.customers.create({ test_clock: clock.id, name: 'Ada' });
  assert.deepEqual([made.test_clock, made.created], [clock.id, clock.frozen_time]);
  await stripe.customers.create({ test_clock: clock.id });
  await stripe.customers.create({ test_clock: clock.id });
  assert.equal((await refusal(stripe.customers.create({ test_clock: clock.id }))).param, 'test_clock');
  assert.equal((await stripe.customers.list({ test_clock: clock.id })).data.length, 3);
  assert.equal((await stripe.customers.list()).data.length, 0);
  assert.equal((await refusal(stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: 1 }))).param, 'frozen_time');
  await advance(clock.id, '2026-02-01T00:00:00Z');
  assert.equal((await stripe.testHelpers.testClocks.retrieve(clock.id)).frozen_time, at('2026-02-01T00:00:00Z'));
  const types = (await stripe.events.list({ type: 'test_helpers.test_clock.*' })).data.map(({ type }) => type.split('.').at(-1));
  assert.deepEqual(types, ['ready', 'advancing', 'created']);
  assert.equal((await stripe.testHelpers.testClocks.del(clock.id)).deleted, true);
  assert.equal(((await stripe.customers.retrieve(made.id)) as Stripe.DeletedCustomer).deleted, true);
  assert.equal((await refusal(stripe.testHelpers.testClocks.retrieve(clock.id))).code, 'resource_missing');
  assert.equal((await refusal(stripe.customers.create({ test_clock: clock.id }))).code, 'resource_missing');
});

/** A customer with a card, on a clock of its own. */
async function subscriber(text: string, card = 'pm_card_visa'): Promise<{ clock: string; customer: string }> {
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: at(text) })).id;
  const customer = (await stripe.customers.create({ test_clock: clock })).id;
  const method = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
  return { clock, customer };
}

const priced = (unit_amount: number, name: string, interval: 'month' | 'year' | 'week' = 'month') =>
  stripe.prices.create({ currency: 'usd', unit_amount, recurring: { interval }, product_data: { name } });

const latest = async (subscription: string): Promise<Stripe.Invoice> =>
  (await stripe.subscriptions.retrieve(subscription, { expand: ['latest_invoice'] })).latest_invoice as Stripe.Invoice;

/** The types of what was told, oldest first, from an event on. */
async function told(since: number): Promise<string[]> {
  const all: string[] = [];
  for await (const event of stripe.events.list({ limit: 100 })) all.unshift(event.type);
  return all.slice(since);
}

test('a subscription is billed each month from the last of January on, after an hour, in the order of Stripe', async () => {
  const { clock, customer } = await subscriber('2026-01-31T12:00:00Z');
  const price = await priced(1000, 'Tea');
  const before = (await told(0)).length;
  const made = await stripe.subscriptions.create({ customer, items: [{ price: price.id, quantity: 2 }], metadata: { of: 'tea' } });
  assert.deepEqual(
    [made.status, made.billing_cycle_anchor, made.items.data[0]?.current_period_end],
    [...['active', at('2026-01-31T12:00:00Z'), at('2026-02-28T12:00:00Z')]],
  );
  assert.deepEqual(await told(before), [
    ...['customer.subscription.created', 'invoice.created', 'invoice.finalized', 'payment_intent.created'],
    ...['charge.succeeded', 'payment_intent.succeeded', 'invoice.paid', 'invoice.payment_succeeded', 'customer.subscription.updated'],
  ]);
  const [change] = (await stripe.events.list({ type: 'customer.subscription.updated', limit: 1 })).data;
  assert.deepEqual((change?.data as { previous_attributes?: object }).previous_attributes, { status: 'incomplete' });
  const first = await latest(made.id);
  assert.deepEqual([first.status, first.billing_reason, first.amount_paid, first.test_clock], ['paid', 'subscription_create', 2000, clock]);
  assert.deepEqual(
    [first.lines.data[0]?.description, first.parent?.subscription_details?.metadata?.of],
    ['2 × Tea (at $10.00 / month)', 'tea'],
  );
  await advance(clock, '2026-02-28T12:30:00Z');
  const draft = await latest(made.id);
  assert.deepEqual(
    [draft.status, draft.automatically_finalizes_at, draft.billing_reason],
    [...['draft', at('2026-02-28T13:00:00Z'), 'subscription_cycle']],
  );
  await stripe.invoiceItems.create({ customer, invoice: draft.id, amount: 500, currency: 'usd' });
  await advance(clock, '2026-04-01T00:00:00Z');
  const all = (await stripe.invoices.list({ subscription: made.id })).data;
  assert.deepEqual(
    all.map(({ status, amount_paid, created }) => [status, amount_paid, created]),
    [
      ['paid', 2000, at('2026-03-31T12:00:00Z')],
      ['paid', 2500, at('2026-02-28T12:00:00Z')],
      ['paid', 2000, at('2026-01-31T12:00:00Z')],
    ],
  );
  const ended = await stripe.subscriptions.update(made.id, { cancel_at_period_end: true });
  assert.deepEqual([ended.cancel_at, ended.cancellation_details?.reason], [at('2026-04-30T12:00:00Z'), 'cancellation_requested']);
  const tooFar = await refusal(stripe.testHelpers.testClocks.advance(clock, { frozen_time: at('2026-06-02T00:00:00Z') }));
  assert.equal(tooFar.param, 'frozen_time');
  await advance(clock, '2026-05-02T00:00:00Z');
  const gone = await stripe.subscriptions.retrieve(made.id);
  assert.deepEqual([gone.status, gone.ended_at], ['canceled', at('2026-04-30T12:00:00Z')]);
  assert.equal((await stripe.invoices.list({ subscription: made.id })).data.length, 3);
  assert.equal((await stripe.subscriptions.list({ customer })).data.length, 0);
  assert.equal((await stripe.subscriptions.list({ customer, status: 'ended', price: price.id })).data.length, 1);
  assert.equal((await refusal(stripe.subscriptions.cancel(made.id))).code, 'resource_missing');
});

test('what changes within a period is credited and billed by the second, and credit goes to the next invoices', async () => {
  const { clock, customer } = await subscriber('2026-06-01T00:00:00Z');
  const [small, large, other] = [await priced(3000, 'Small'), await priced(6001, 'Large'), await priced(900, 'Extra')];
  const made = await stripe.subscriptions.create({ customer, items: [{ price: small.id }] });
  const item = String(made.items.data[0]?.id);
  await advance(clock, '2026-06-16T00:00:00Z');
  await stripe.subscriptions.update(made.id, { items: [{ id: item, price: large.id }] });
  const waiting = (await stripe.invoiceItems.list({ customer, pending: true })).data;
  assert.deepEqual(
    waiting.map(({ amount, description, proration }) => [amount, description, proration]),
    [
      [3001, 'Remaining time on Large after 16 Jun 2026', true],
      [-1500, 'Unused time on Small after 16 Jun 2026', true],
    ],
  );
  await advance(clock, '2026-06-21T00:00:00Z');
  const added = await stripe.subscriptionItems.create({ subscription: made.id, price: other.id, proration_behavior: 'always_invoice' });
  const now = await latest(made.id);
  // A third of 9.00 for ten days of thirty, with what waited since the 16th.
  assert.deepEqual([now.billing_reason, now.status, now.total], ['subscription_update', 'paid', 300 + 3001 - 1500]);
  assert.equal((await stripe.subscriptionItems.list({ subscription: made.id })).data.length, 2);
  assert.equal((await stripe.subscriptionItems.del(added.id, { proration_behavior: 'none' })).deleted, true);
  await stripe.subscriptionItems.update(item, { price: small.id, proration_behavior: 'always_invoice' });
  const credit = await latest(made.id);
  // What is left of 30.01 that paid for fifteen days, and ten days of 30.00.
  assert.deepEqual([credit.total, credit.amount_due, credit.status, credit.ending_balance], [1000 - 2001, 0, 'paid', -1001]);
  assert.equal(((await stripe.customers.retrieve(customer)) as Stripe.Customer).balance, -1001);
  await advance(clock, '2026-07-01T02:00:00Z');
  const next = await latest(made.id);
  assert.deepEqual([next.total, next.starting_balance, next.ending_balance, next.amount_paid], [3000, -1001, 0, 1999]);
  const lines = (await stripe.customers.listBalanceTransactions(customer)).data;
  assert.deepEqual(
    lines.map(({ type, amount, ending_balance: ending }) => [type, amount, ending]),
    [
      ['applied_to_invoice', 1001, 0],
      ['applied_to_invoice', -1001, -1001],
    ],
  );
  const canceled = await stripe.subscriptions.cancel(made.id, { prorate: true, invoice_now: true });
  assert.equal(canceled.status, 'canceled');
  const back = await stripe.invoices.retrieve(String(canceled.latest_invoice));
  assert.deepEqual([back.total, back.status], [-2992, 'paid']);
});

test('a trial is free, is told of before it ends, and a yearly price begins a new cycle', async () => {
  const { clock, customer } = await subscriber('2026-01-10T00:00:00Z');
  const [monthly, yearly] = [await priced(3100, 'Plan'), await priced(36500, 'Plan', 'year')];
  const made = await stripe.subscriptions.create({ customer, items: [{ price: monthly.id }], trial_period_days: 14 });
  assert.deepEqual([made.status, made.trial_end, (await latest(made.id)).total], ['trialing', at('2026-01-24T00:00:00Z'), 0]);
  const warned = async () => (await stripe.events.list({ type: 'customer.subscription.trial_will_end' })).data.length;
  await advance(clock, '2026-01-20T00:00:00Z');
  assert.equal(await warned(), 0);
  await advance(clock, '2026-01-22T00:00:00Z');
  assert.equal(await warned(), 1);
  await advance(clock, '2026-01-24T01:00:00Z');
  const paid = await latest(made.id);
  assert.deepEqual([(await stripe.subscriptions.retrieve(made.id)).status, paid.status, paid.total], ['active', 'paid', 3100]);
  await advance(clock, '2026-02-03T00:00:00Z');
  const id = String(made.items.data[0]?.id);
  const changed = await stripe.subscriptions.update(made.id, { items: [{ id, price: yearly.id }] });
  assert.deepEqual(
    [changed.billing_cycle_anchor, changed.items.data[0]?.current_period_end],
    [...[at('2026-02-03T00:00:00Z'), at('2027-02-03T00:00:00Z')]],
  );
  assert.equal((await latest(made.id)).total, 36500 - 2100);
  const anchored = await stripe.subscriptions.create({
    ...{ customer, items: [{ price: monthly.id }], billing_cycle_anchor: at('2026-02-17T00:00:00Z') },
  });
  assert.deepEqual([(await latest(anchored.id)).total, anchored.items.data[0]?.current_period_end], [1400, at('2026-02-17T00:00:00Z')]);
});

test('a payment that fails is tried again, and then the subscription ends as the policy says', async () => {
  const { clock, customer } = await subscriber('2026-03-01T00:00:00Z');
  const price = await priced(700, 'Dun');
  const made = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] });
  const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
  await stripe.subscriptions.update(made.id, { default_payment_method: bad.id });
  await advance(clock, '2026-04-01T02:00:00Z');
  const failed = await latest(made.id);
  assert.deepEqual([failed.status, failed.attempt_count, failed.next_payment_attempt], ['open', 1, at('2026-04-04T01:00:00Z')]);
  assert.equal((await stripe.subscriptions.retrieve(made.id)).status, 'past_due');
  await stripe.subscriptions.update(made.id, { default_payment_method: '' });
  await advance(clock, '2026-04-05T00:00:00Z');
  assert.deepEqual([(await latest(made.id)).status, (await stripe.subscriptions.retrieve(made.id)).status], ['paid', 'active']);
  await stripe.subscriptions.update(made.id, { default_payment_method: bad.id });
  await advance(clock, '2026-05-20T00:00:00Z');
  const over = await stripe.subscriptions.retrieve(made.id);
  assert.deepEqual(
    [over.status, over.cancellation_details?.reason, over.ended_at],
    ['canceled', 'payment_failed', at('2026-05-16T01:00:00Z')],
  );
  const last = await latest(made.id);
  assert.deepEqual([last.status, last.attempt_count, last.auto_advance, last.next_payment_attempt], ['open', 4, false, null]);
  const none = (await stripe.customers.create({ test_clock: clock })).id;
  assert.equal((await refusal(stripe.subscriptions.create({ customer: none, items: [{ price: price.id }] }))).code, 'resource_missing');
  const waiting = await stripe.subscriptions.create({
    ...{ customer: none, items: [{ price: price.id }], payment_behavior: 'default_incomplete' },
    ...{ payment_settings: { save_default_payment_method: 'on_subscription' }, expand: ['latest_invoice'] },
  });
  assert.equal(waiting.status, 'incomplete');
  const secret = String((waiting.latest_invoice as Stripe.Invoice).confirmation_secret?.client_secret);
  const declined = await stripe.subscriptions.create({
    customer: none,
    items: [{ price: price.id }],
    payment_behavior: 'default_incomplete',
  });
  const page = house.stripe(house.faces.stripe.publishableKey);
  const shown = { client_secret: secret, payment_method_data: { type: 'card', card: { token: 'tok_visa' } } } as const;
  await page.paymentIntents.confirm(secret.split('_secret_')[0] ?? '', shown);
  const begun = await stripe.subscriptions.retrieve(waiting.id);
  assert.equal(begun.status, 'active');
  assert.match(String(begun.default_payment_method), /^pm_/);
  await advance(clock, '2026-05-21T00:00:00Z');
  assert.equal((await stripe.subscriptions.retrieve(declined.id)).status, 'incomplete_expired');
  assert.equal((await latest(declined.id)).status, 'void');
  const sent = await stripe.subscriptions.create({
    ...{ customer: none, items: [{ price: price.id }], collection_method: 'send_invoice', days_until_due: 3 },
  });
  await advance(clock, '2026-05-25T00:00:00Z');
  assert.deepEqual([(await latest(sent.id)).status, (await stripe.subscriptions.retrieve(sent.id)).status], ['open', 'past_due']);
});

const filled = (number: string) => new URLSearchParams({ number, expiry: '12 / 40', cvc: '123', name: 'Ada L', email: 'ada@example.com' });
const sent = (url: string, form?: URLSearchParams) => fetch(url, { redirect: 'manual', ...(form ? { method: 'POST', body: form } : {}) });
const line = { price_data: { currency: 'usd', unit_amount: 1500, product_data: { name: 'Mug <b>' } }, quantity: 2 };

test('somebody buys on the hosted page: declined, then proven to be the holder, then sent on, once', async () => {
  const wanted = {
    mode: 'payment',
    success_url: 'https://shop.example/done?s={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/',
  } as const;
  const made = await stripe.checkout.sessions.create({
    ...wanted,
    line_items: [line],
    customer_creation: 'always',
    metadata: { cart: '7' },
  });
  assert.deepEqual([made.status, made.payment_status, made.amount_total, made.payment_intent], ['open', 'unpaid', 3000, null]);
  const url = String(made.url);
  const shown = await (await sent(url)).text();
  assert.ok(shown.includes('2 × Mug &lt;b&gt;') && shown.includes('Pay 30.00 usd'), shown);
  assert.equal((await sent(url.replace(/client_secret=.*/, 'client_secret=x'))).status, 404);
  assert.match(await (await sent(url, filled('4000000000000002'))).text(), /Your card was declined/);
  assert.match(await (await sent(url, filled('4242424242424241'))).text(), /Your card number is incorrect/);
  const challenge = await sent(url, filled('4000000000003220'));
  assert.equal(challenge.status, 303);
  const bank = String(challenge.headers.get('location'));
  assert.match(bank, /\/3d_secure\//);
  const proven = await sent(bank, new URLSearchParams({ outcome: 'authenticated' }));
  const back = await sent(String(proven.headers.get('location')));
  assert.deepEqual([back.status, back.headers.get('location')], [303, `https://shop.example/done?s=${made.id}`]);
  const again = await sent(url, filled('4242424242424242'));
  assert.equal(again.headers.get('location'), `https://shop.example/done?s=${made.id}`);
  const done = await stripe.checkout.sessions.retrieve(made.id, { expand: ['payment_intent', 'customer', 'line_items'] });
  assert.deepEqual(
    [done.status, done.payment_status, done.url, done.customer_details?.email],
    ['complete', 'paid', null, 'ada@example.com'],
  );
  assert.equal((done.payment_intent as Stripe.PaymentIntent).amount_received, 3000);
  assert.equal((done.customer as Stripe.Customer).name, 'Ada L');
  assert.equal(done.line_items?.data[0]?.amount_total, 3000);
  const events = (await stripe.events.list({ type: 'checkout.session.*' })).data;
  assert.deepEqual(
    events.map(({ type }) => type),
    ['checkout.session.completed'],
  );
  assert.equal((events[0]?.data.object as Stripe.Checkout.Session).metadata?.cart, '7');
  const closed = await stripe.checkout.sessions.create({ ...wanted, line_items: [line] });
  assert.equal((await stripe.checkout.sessions.expire(closed.id)).status, 'expired');
  assert.match(await (await sent(String(closed.url), filled('4242424242424242'))).text(), /is not open any more|closed/);
  assert.equal((await refusal(stripe.checkout.sessions.expire(made.id))).statusCode, 400);
});

test('a payment link makes a page for each who comes, and a page subscribes', async () => {
  const price = await priced(900, 'Club');
  const link = await stripe.paymentLinks.create({ line_items: [{ price: price.id, quantity: 1 }], metadata: { from: 'link' } });
  const opened = String((await sent(link.url)).headers.get('location'));
  assert.notEqual(String((await sent(link.url)).headers.get('location')), opened);
  assert.match(await (await sent(opened, filled('4242424242424242'))).text(), /Thank you/);
  const [session] = (await stripe.checkout.sessions.list({ payment_link: link.id, status: 'complete' })).data;
  assert.deepEqual([session?.mode, session?.metadata?.from, session?.payment_status], ['subscription', 'link', 'paid']);
  const made = await stripe.subscriptions.retrieve(String(session?.subscription));
  assert.deepEqual([made.status, made.customer], ['active', session?.customer]);
  assert.match(String(made.default_payment_method), /^pm_/);
  const trial = await stripe.checkout.sessions.create({
    ...{ mode: 'subscription', success_url: 'https://shop.example/', line_items: [{ price: price.id }] },
    subscription_data: { trial_period_days: 7 },
  });
  assert.equal(trial.amount_total, 0);
  assert.equal((await sent(String(trial.url), filled('4242424242424242'))).headers.get('location'), 'https://shop.example/');
  const free = await stripe.checkout.sessions.retrieve(trial.id, { expand: ['subscription'] });
  assert.deepEqual([free.payment_status, (free.subscription as Stripe.Subscription).status], ['no_payment_required', 'trialing']);
  await stripe.paymentLinks.update(link.id, { active: false });
  assert.equal((await sent(link.url)).status, 400);
});
