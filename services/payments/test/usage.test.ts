import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
});
after(() => house?.stop());

const at = (text: string): number => Date.parse(text) / 1000;

async function advance(clock: string, text: string): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: at(text) });
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await stripe.testHelpers.testClocks.retrieve(clock)).status === 'ready') return;
    await pause(25);
  }
  assert.fail('the clock did not arrive');
}

const latest = async (subscription: string): Promise<Stripe.Invoice> =>
  (await stripe.subscriptions.retrieve(subscription, { expand: ['latest_invoice'] })).latest_invoice as Stripe.Invoice;

const shown = ({ lines }: Stripe.Invoice) => lines.data.map(({ amount, quantity_decimal }) => [amount, String(quantity_decimal)]);

test('what a meter counts is billed after its period, each event once, and what came late or was taken back is not', async () => {
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: at('2026-03-01T00:00:00Z') })).id;
  const customer = (await stripe.customers.create({ test_clock: clock })).id;
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
  const wanted = { display_name: 'Calls', event_name: 'call', default_aggregation: { formula: 'sum' } } as const;
  const meter = await stripe.billing.meters.create(wanted);
  assert.deepEqual([meter.object, meter.status, meter.value_settings.event_payload_key], ['billing.meter', 'active', 'value']);
  assert.equal((await refusal(stripe.billing.meters.create(wanted))).code, 'resource_already_exists');
  const recurring = { interval: 'month', usage_type: 'metered', meter: meter.id } as const;
  const call = { currency: 'usd', product_data: { name: 'Call' } } as const;
  const price = await stripe.prices.create({ ...call, unit_amount_decimal: Stripe.Decimal.from('2.5'), recurring });
  const nameless = { interval: 'month', usage_type: 'metered' } as const;
  assert.equal((await refusal(stripe.prices.create({ ...call, unit_amount: 1, recurring: nameless }))).param, 'recurring[meter]');
  const base = await stripe.prices.create({
    currency: 'usd',
    unit_amount: 900,
    recurring: { interval: 'month' },
    product_data: { name: 'Base' },
  });
  const counted = { price: price.id, quantity: 2 };
  assert.equal((await refusal(stripe.subscriptions.create({ customer, items: [counted] }))).param, 'items[0][quantity]');
  const made = await stripe.subscriptions.create({ customer, items: [{ price: base.id }, { price: price.id }] });
  assert.equal(made.status, 'active');
  const [, metered] = made.items.data;
  assert.deepEqual([metered?.quantity, metered?.price.recurring?.meter], [undefined, meter.id]);
  assert.deepEqual(shown(await latest(made.id)), [
    [900, '1'],
    [0, '0'],
  ]);
  await advance(clock, '2026-03-20T00:00:00Z');
  const use = (value: string, day: string, identifier: string) =>
    stripe.billing.meterEvents.create({
      ...{ event_name: 'call', identifier, timestamp: at(`2026-03-${day}T10:00:00Z`) },
      payload: { stripe_customer_id: customer, value },
    });
  await use('10', '05', 'one');
  await use('0.75', '19', 'two');
  await use('100', '19', 'three');
  assert.match((await refusal(use('10', '05', 'one'))).message, /already exists with identifier one/);
  assert.equal((await refusal(use('many', '05', 'four'))).param, 'payload');
  assert.equal((await refusal(use('1', '25', 'five'))).param, 'timestamp');
  const back = await stripe.billing.meterEventAdjustments.create({ event_name: 'call', type: 'cancel', cancel: { identifier: 'three' } });
  assert.equal(back.status, 'complete');
  const over = { customer, start_time: at('2026-03-01T00:00:00Z'), end_time: at('2026-04-01T00:00:00Z') };
  const all = await stripe.billing.meters.listEventSummaries(meter.id, over);
  assert.deepEqual(
    all.data.map(({ aggregated_value }) => aggregated_value),
    [10.75],
  );
  const byDay = await stripe.billing.meters.listEventSummaries(meter.id, { ...over, value_grouping_window: 'day' });
  assert.deepEqual(
    byDay.data.map(({ start_time, aggregated_value }) => [start_time, aggregated_value]),
    [
      [at('2026-03-19T00:00:00Z'), 0.75],
      [at('2026-03-05T00:00:00Z'), 10],
    ],
  );
  await advance(clock, '2026-04-01T02:00:00Z');
  const second = await latest(made.id);
  // 10.75 calls of 2.5 cents, rounded once, and the next month of what is paid ahead.
  assert.deepEqual(shown(second), [
    [27, '10.75'],
    [900, '1'],
  ]);
  assert.deepEqual([second.status, second.amount_paid], ['paid', 927]);
  await stripe.billing.meterEvents.create({ event_name: 'call', payload: { stripe_customer_id: customer, value: '4' } });
  await stripe.subscriptions.update(made.id, { cancel_at_period_end: true });
  await advance(clock, '2026-05-01T02:00:00Z');
  assert.equal((await stripe.subscriptions.retrieve(made.id)).status, 'canceled');
  const last = await latest(made.id);
  assert.deepEqual([shown(last), last.status], [[[10, '4']], 'paid']);
  await stripe.billing.meters.deactivate(meter.id);
  const told = stripe.billing.meterEvents.create({ event_name: 'call', payload: { stripe_customer_id: customer, value: '4' } });
  assert.equal((await refusal(told)).param, 'event_name');
  assert.equal((await stripe.billing.meters.reactivate(meter.id)).status, 'active');
});

test('an item of what is metered that goes is billed for what was used until then, and its successor from then on', async () => {
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: at('2026-03-01T00:00:00Z') })).id;
  const customer = (await stripe.customers.create({ test_clock: clock })).id;
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
  const formula = { formula: 'count' } as const;
  const meter = await stripe.billing.meters.create({ display_name: 'Uploads', event_name: 'upload', default_aggregation: formula });
  const recurring = { interval: 'month', usage_type: 'metered', meter: meter.id } as const;
  const product_data = { name: 'Upload' };
  const [dear, cheap] = await Promise.all(
    [100, 10].map((unit_amount) => stripe.prices.create({ currency: 'usd', unit_amount, recurring, product_data })),
  );
  const made = await stripe.subscriptions.create({ customer, items: [{ price: String(dear?.id) }] });
  const upload = () => stripe.billing.meterEvents.create({ event_name: 'upload', payload: { stripe_customer_id: customer } });
  await upload();
  await upload();
  await advance(clock, '2026-03-10T00:00:00Z');
  await stripe.subscriptions.update(made.id, { items: [{ id: String(made.items.data[0]?.id), price: String(cheap?.id) }] });
  await upload();
  await advance(clock, '2026-04-01T02:00:00Z');
  const bill = await latest(made.id);
  assert.deepEqual(shown(bill).toSorted(), [
    [10, '1'],
    [200, '2'],
  ]);
  assert.equal(bill.amount_paid, 210);
});

test('a file is kept sealed, goes out as it came in, and is evidence of a dispute', async () => {
  const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.from(Array.from({ length: 5_000 }, (_, each) => each % 256))]);
  const file = await stripe.files.create({
    purpose: 'dispute_evidence',
    file: { data: bytes, name: 'receipt.pdf', type: 'application/pdf' },
  });
  assert.deepEqual([file.filename, file.size, file.type, file.purpose], ['receipt.pdf', bytes.length, 'pdf', 'dispute_evidence']);
  assert.equal((await stripe.files.retrieve(file.id)).id, file.id);
  assert.deepEqual(
    (await stripe.files.list({ purpose: 'dispute_evidence' })).data.map(({ id }) => id),
    [file.id],
  );
  const read = await fetch(String(file.url), { headers: { authorization: `Bearer ${house.faces.stripe.secretKey}` } });
  assert.equal(read.headers.get('content-type'), 'application/pdf');
  assert.deepEqual(Buffer.from(await read.arrayBuffer()), bytes);
  assert.equal((await fetch(String(file.url))).status, 401);
  const script = { purpose: 'dispute_evidence', file: { data: Buffer.from('<script>'), name: 'x.pdf' } } as const;
  assert.equal((await refusal(stripe.files.create(script))).param, 'file');
  const pay = { amount: 500, currency: 'usd', confirm: true, payment_method: 'pm_card_createDispute' } as const;
  const intent = await stripe.paymentIntents.create(pay);
  let [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data;
  for (let tries = 0; tries < 200 && !dispute; tries += 1) {
    await pause(25);
    [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data;
  }
  const argue = (receipt: string) => stripe.disputes.update(String(dispute?.id), { evidence: { receipt }, submit: false });
  assert.equal((await argue(file.id)).evidence.receipt, file.id);
  assert.equal((await refusal(argue('file_none'))).param, 'evidence[receipt]');
});

test('invoices and subscriptions are found by queries, by parts of words, and by either of two clauses', async () => {
  const ids = (found: { data: readonly { id: string }[] }) => found.data.map(({ id }) => id);
  const one = await stripe.products.create({ name: 'Blue Teapot' });
  const two = await stripe.products.create({ name: 'Red Mug' });
  assert.deepEqual(ids(await stripe.products.search({ query: "name~'teap'" })), [one.id]);
  assert.deepEqual(ids(await stripe.products.search({ query: "name:'Red Mug' OR name~'teapot'" })), [two.id, one.id]);
  const customer = (await stripe.customers.create({ metadata: { of: 'search' } })).id;
  const invoice = await stripe.invoices.create({ customer, metadata: { order: '77' }, currency: 'usd' });
  assert.deepEqual(ids(await stripe.invoices.search({ query: `customer:'${customer}' AND status:'draft' AND metadata['order']:'77'` })), [
    invoice.id,
  ]);
  assert.deepEqual(ids(await stripe.invoices.search({ query: `customer:'${customer}' AND total>0` })), []);
  const recurring = { interval: 'month' } as const;
  const price = await stripe.prices.create({ currency: 'usd', unit_amount: 100, recurring, product: two.id });
  const subscription = await stripe.subscriptions.create({
    ...{ customer, items: [{ price: price.id }], trial_period_days: 5, metadata: { plan: 'club' } },
  });
  const query = "status:'trialing' AND metadata['plan']:'club'";
  assert.deepEqual(ids(await stripe.subscriptions.search({ query })), [subscription.id]);
  assert.equal((await refusal(stripe.subscriptions.search({ query: "colour:'red'" }))).param, 'query');
});
