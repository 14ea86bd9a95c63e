import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe((await house.credential({ environment: 'test', role: 'admin' })).stripe.secretKey);
});
after(() => house?.stop());

/** The types of events about an object, oldest first. */
async function told(id: string, types: string[]): Promise<string[]> {
  const { data } = await stripe.events.list({ types, limit: 100 });
  return data
    .filter(({ data: { object } }) => (object as { id?: string }).id === id)
    .map(({ type }) => type)
    .reverse();
}

test("tax ids are checked by their form and the simulated register, and stand on a customer's invoices", async () => {
  const customer = await stripe.customers.create({ name: 'Firma' });
  const made = await stripe.customers.createTaxId(customer.id, { type: 'eu_vat', value: 'de000000000' });
  assert.deepEqual([made.value, made.country, made.customer, made.verification?.status], ['DE000000000', 'DE', customer.id, 'verified']);
  const unverified = await stripe.customers.createTaxId(customer.id, { type: 'gb_vat', value: 'GB111111111' });
  assert.equal(unverified.verification?.status, 'unverified');
  const wrong = await refusal(stripe.customers.createTaxId(customer.id, { type: 'us_ein', value: '12' }));
  assert.deepEqual([wrong.statusCode, wrong.code, wrong.param], [400, 'tax_id_invalid', 'value']);
  const { id } = await stripe.invoices.create({ customer: customer.id, collection_method: 'send_invoice', days_until_due: 3 });
  await stripe.invoiceItems.create({ customer: customer.id, amount: 900, currency: 'usd', invoice: String(id) });
  const { customer_tax_ids: shown } = await stripe.invoices.finalizeInvoice(String(id));
  assert.deepEqual(shown, [
    { type: 'eu_vat', value: 'DE000000000' },
    { type: 'gb_vat', value: 'GB111111111' },
  ]);
  const own = await stripe.taxIds.create({ type: 'us_ein', value: '12-3456789' });
  assert.deepEqual([own.owner?.type, own.customer], ['self', null]);
  assert.deepEqual(
    (await stripe.taxIds.list()).data.map((each) => each.id),
    [own.id],
  );
  assert.equal((await stripe.customers.listTaxIds(customer.id)).data.length, 2);
  const other = await stripe.customers.create({});
  assert.equal((await refusal(stripe.customers.retrieveTaxId(other.id, made.id))).statusCode, 404);
  assert.equal((await stripe.customers.deleteTaxId(customer.id, made.id)).deleted, true);
  assert.deepEqual(await told(made.id, ['customer.tax_id.created', 'customer.tax_id.deleted']), [
    'customer.tax_id.created',
    'customer.tax_id.deleted',
  ]);
  await stripe.customers.del(customer.id);
  assert.equal((await refusal(stripe.taxIds.retrieve(unverified.id))).statusCode, 404);
});

test('a plan is a price in the words of before, and can be subscribed to', async () => {
  const plan = await stripe.plans.create({
    ...{ id: 'gold', amount: 1500, currency: 'usd', interval: 'month', product: { name: 'Gold' }, nickname: 'Gold' },
  });
  assert.deepEqual([plan.id, plan.object, plan.amount, plan.interval, plan.interval_count], ['gold', 'plan', 1500, 'month', 1]);
  const price = await stripe.prices.retrieve('gold');
  assert.deepEqual([price.unit_amount, price.recurring?.interval, price.product], [1500, 'month', plan.product]);
  const customer = await stripe.customers.create({ payment_method: 'pm_card_visa' });
  const { data } = await stripe.paymentMethods.list({ customer: customer.id });
  const subscription = await stripe.subscriptions.create({
    ...{ customer: customer.id, items: [{ price: 'gold' }], default_payment_method: String(data[0]?.id) },
  });
  assert.equal(subscription.status, 'active');
  const changed = await stripe.plans.update('gold', { nickname: 'Gilt', metadata: { a: 'b' } });
  assert.deepEqual([changed.nickname, changed.metadata], ['Gilt', { a: 'b' }]);
  assert.equal(
    (await refusal(stripe.plans.create({ id: 'gold', amount: 1, currency: 'usd', interval: 'day', product: { name: 'x' } }))).code,
    'resource_already_exists',
  );
  assert.equal((await refusal(stripe.plans.create({ currency: 'usd', interval: 'day', product: { name: 'x' } }))).param, 'amount');
  assert.deepEqual(
    (await stripe.plans.list({ product: String(plan.product) })).data.map(({ id }) => id),
    ['gold'],
  );
  assert.equal((await stripe.plans.del('gold')).deleted, true);
  assert.equal((await refusal(stripe.plans.retrieve('gold'))).statusCode, 404);
  assert.equal((await stripe.subscriptions.retrieve(subscription.id)).status, 'active');
  assert.equal((await refusal(stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'gold' }] }))).statusCode, 400);
  assert.deepEqual(await told('gold', ['plan.created', 'plan.updated', 'plan.deleted']), ['plan.created', 'plan.updated', 'plan.deleted']);
});

test('persons have to do with an account: one represents it, and what is missing of each is said', async () => {
  const account = await stripe.accounts.create({ type: 'custom', country: 'US', business_type: 'company' });
  const made = await stripe.accounts.createPerson(account.id, {
    first_name: 'Ada',
    last_name: 'L',
    relationship: { representative: true },
  });
  assert.deepEqual([made.account, made.verification?.status, made.relationship?.representative], [account.id, 'unverified', true]);
  assert.ok(made.requirements?.currently_due.includes('dob.day'));
  const second = await refusal(stripe.accounts.createPerson(account.id, { relationship: { representative: true } }));
  assert.equal(second.param, 'relationship[representative]');
  const owner = await stripe.accounts.createPerson(account.id, { relationship: { owner: true, percent_ownership: 30 } });
  const whole = await stripe.accounts.updatePerson(account.id, made.id, {
    ...{ dob: { day: 10, month: 12, year: 1980 }, address: { line1: 'A 1', city: 'B', postal_code: '10000' }, ssn_last_4: '1234' },
  });
  assert.deepEqual([whole.verification?.status, whole.requirements?.currently_due, whole.ssn_last_4_provided], ['verified', [], true]);
  assert.ok(!JSON.stringify(whole).includes('1234'));
  assert.deepEqual(
    (await stripe.accounts.listPersons(account.id, { relationship: { owner: true } })).data.map(({ id }) => id),
    [owner.id],
  );
  assert.equal((await stripe.accounts.deletePerson(account.id, owner.id)).deleted, true);
  assert.equal((await refusal(stripe.accounts.retrievePerson(account.id, owner.id))).statusCode, 404);
  assert.deepEqual(await told(made.id, ['person.created', 'person.updated']), ['person.created', 'person.updated']);
  const single = await stripe.accounts.create({ type: 'custom', business_type: 'individual' });
  assert.equal((await refusal(stripe.accounts.createPerson(single.id, {}))).statusCode, 400);
});

test('a credit note is seen before it is made, and attempts at a setup are remembered', async () => {
  const customer = await stripe.customers.create({ payment_method: 'pm_card_visa' });
  const invoice = await stripe.invoices.create({ customer: customer.id, collection_method: 'send_invoice', days_until_due: 3 });
  await stripe.invoiceItems.create({ customer: customer.id, amount: 2000, currency: 'usd', invoice: String(invoice.id) });
  const open = await stripe.invoices.finalizeInvoice(String(invoice.id));
  const seen = await stripe.creditNotes.preview({ invoice: String(open.id), amount: 700 });
  assert.deepEqual([seen.total, seen.pre_payment_amount, seen.number], [700, 700, `${open.number}-CN-01`]);
  const line = { type: 'invoice_line_item', invoice_line_item: String(open.lines.data[0]?.id), amount: 500 } as const;
  const lines = await stripe.creditNotes.listPreviewLineItems({ invoice: String(open.id), lines: [line] });
  assert.deepEqual(
    lines.data.map(({ amount, invoice_line_item }) => [amount, invoice_line_item]),
    [[500, line.invoice_line_item]],
  );
  assert.equal((await stripe.creditNotes.list({ invoice: String(open.id) })).data.length, 0);
  assert.equal((await refusal(stripe.creditNotes.preview({ invoice: String(open.id), amount: 7000 }))).param, 'amount');
  const setup = await stripe.setupIntents.create({ customer: customer.id });
  await refusal(stripe.setupIntents.confirm(setup.id, { payment_method: 'pm_card_chargeDeclined' }));
  const done = await stripe.setupIntents.confirm(setup.id, { payment_method: 'pm_card_mastercard' });
  const attempts = (await stripe.setupAttempts.list({ setup_intent: setup.id })).data;
  assert.deepEqual(
    attempts.map(({ status, setup_error: error, payment_method_details: { card } }) => [status, error?.code ?? null, card?.brand]),
    [
      ['succeeded', null, 'mastercard'],
      ['failed', 'card_declined', 'visa'],
    ],
  );
  assert.equal(done.latest_attempt, attempts[0]?.id);
  const asked = await stripe.setupIntents.create({
    ...{ customer: customer.id, payment_method: 'pm_card_authenticationRequired', confirm: true, return_url: 'https://example.com/' },
  });
  const [waiting] = (await stripe.setupAttempts.list({ setup_intent: asked.id })).data;
  assert.deepEqual([asked.status, waiting?.status, asked.latest_attempt], ['requires_action', 'requires_action', waiting?.id]);
});

test("a customer's cards are sources to integrations of old, and discounts and changes of a balance are changed", async () => {
  const { id: customer } = await stripe.customers.create({});
  const card = (await stripe.customers.createSource(customer, { source: 'tok_visa' })) as Stripe.Card;
  assert.deepEqual([card.object, card.brand, card.customer, card.last4], ['card', 'Visa', customer, '4242']);
  const other = await stripe.customers.createSource(customer, { source: 'tok_mastercard', metadata: { a: 'b' } });
  assert.equal(((await stripe.customers.retrieve(customer)) as Stripe.Customer).default_source, card.id);
  const renamed = (await stripe.customers.updateSource(customer, card.id, {
    name: 'Ada',
    address_zip: '10115',
    exp_month: '7',
  })) as Stripe.Card;
  assert.deepEqual([renamed.name, renamed.address_zip, renamed.exp_month], ['Ada', '10115', 7]);
  const listed = await stripe.customers.listSources(customer, { object: 'card' });
  assert.deepEqual(
    listed.data.map(({ id }) => id),
    [other.id, card.id],
  );
  assert.equal((await stripe.charges.create({ amount: 500, currency: 'usd', customer })).paid, true);
  assert.equal(((await stripe.customers.deleteSource(customer, card.id)) as Stripe.DeletedCard).deleted, true);
  assert.equal((await refusal(stripe.customers.retrieveSource(customer, card.id))).statusCode, 404);
  assert.equal(((await stripe.customers.retrieve(customer)) as Stripe.Customer).default_source, other.id);
  const change = await stripe.customers.createBalanceTransaction(customer, { amount: -500, currency: 'usd' });
  const said = await stripe.customers.updateBalanceTransaction(customer, change.id, { description: 'gift', metadata: { x: 'y' } });
  assert.deepEqual([said.description, said.metadata, said.amount], ['gift', { x: 'y' }, -500]);
  const coupon = await stripe.coupons.create({ percent_off: 10, duration: 'forever' });
  const price = await stripe.prices.create({
    unit_amount: 1000,
    currency: 'usd',
    recurring: { interval: 'month' },
    product_data: { name: 'P' },
  });
  const subscription = await stripe.subscriptions.create({ customer, items: [{ price: price.id }], discounts: [{ coupon: coupon.id }] });
  const [discount] = subscription.discounts as string[];
  const gone = await stripe.subscriptions.deleteDiscount(subscription.id);
  assert.deepEqual([gone.id, gone.deleted], [discount, true]);
  assert.deepEqual((await stripe.subscriptions.retrieve(subscription.id)).discounts, []);
  assert.equal((await refusal(stripe.subscriptions.deleteDiscount(subscription.id))).statusCode, 404);
});

test('what is offered in a quote is subscribed to or invoiced when it is accepted, and only once, and not too late', async () => {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: 1_790_000_000 });
  const customer = await stripe.customers.create({ test_clock: clock.id });
  const monthly = { unit_amount: 1000, currency: 'usd', recurring: { interval: 'month' as const }, product_data: { name: 'P' } };
  const price = await stripe.prices.create(monthly);
  const once = await stripe.prices.create({ unit_amount: 300, currency: 'usd', product_data: { name: 'Setup' } });
  const rate = await stripe.taxRates.create({ display_name: 'VAT', percentage: 20, inclusive: false });
  const line_items = [{ price: price.id, quantity: 2, tax_rates: [rate.id] }, { price: once.id }];
  const made = await stripe.quotes.create({ customer: customer.id, line_items, metadata: { a: 'b' } });
  assert.deepEqual([made.status, made.amount_subtotal, made.amount_total, made.number], ['draft', 2300, 2700, null]);
  assert.deepEqual(
    [made.computed.recurring?.amount_total, made.computed.recurring?.interval, made.computed.upfront.amount_total],
    [2400, 'month', 2700],
  );
  assert.equal((await refusal(stripe.quotes.accept(made.id))).code, 'quote_unexpected_state');
  await stripe.quotes.update(made.id, { description: 'For you', line_items: [{ price: price.id, quantity: 1 }, { price: once.id }] });
  const open = await stripe.quotes.finalizeQuote(made.id);
  assert.deepEqual([open.status, open.amount_total, open.status_transitions.finalized_at], ['open', 1300, 1_790_000_000]);
  assert.match(String(open.number), /^QT-[A-Z0-9]{8}-0001-1$/);
  const items = await stripe.quotes.listLineItems(made.id);
  assert.deepEqual(
    items.data.map(({ amount_total }) => amount_total),
    [1000, 300],
  );
  const both = await Promise.allSettled([stripe.quotes.accept(made.id), stripe.quotes.accept(made.id)]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const accepted = await stripe.quotes.retrieve(made.id, { expand: ['subscription.latest_invoice'] });
  const subscription = accepted.subscription as Stripe.Subscription;
  assert.equal((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data.length, 1);
  assert.deepEqual([accepted.status, subscription.status], ['accepted', 'incomplete']);
  assert.equal((subscription.latest_invoice as Stripe.Invoice).total, 1300);
  const other = await stripe.quotes.create({
    customer: customer.id,
    line_items: [{ price: once.id, quantity: 3 }],
    collection_method: 'send_invoice',
  });
  await stripe.quotes.finalizeQuote(other.id);
  const { invoice } = await stripe.quotes.accept(other.id);
  const drawn = await stripe.invoices.retrieve(String(invoice));
  assert.deepEqual([drawn.status, drawn.total, drawn.collection_method], ['draft', 900, 'send_invoice']);
  const late = await stripe.quotes.create({ customer: customer.id, line_items: [{ price: once.id }] });
  await stripe.quotes.finalizeQuote(late.id, { expires_at: 1_790_000_600 });
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: 1_790_001_000 });
  await until(
    () => stripe.testHelpers.testClocks.retrieve(clock.id),
    ({ status }) => status === 'ready',
  );
  const gone = await stripe.quotes.retrieve(late.id);
  assert.deepEqual([gone.status, gone.status_transitions.canceled_at], ['canceled', 1_790_000_600]);
  assert.equal((await refusal(stripe.quotes.accept(late.id))).statusCode, 400);
  const draft = await stripe.quotes.create({ customer: customer.id });
  assert.equal((await refusal(stripe.quotes.finalizeQuote(draft.id))).param, 'line_items');
  assert.equal((await stripe.quotes.cancel(draft.id)).status, 'canceled');
  assert.deepEqual(await told(made.id, ['quote.created', 'quote.finalized', 'quote.accepted']), [
    'quote.created',
    'quote.finalized',
    'quote.accepted',
  ]);
});

test('what a country needs is what its accounts are asked for', async () => {
  const spec = await stripe.countrySpecs.retrieve('US');
  const account = await stripe.accounts.create({
    type: 'custom',
    country: 'US',
    business_type: 'individual',
    capabilities: { transfers: { requested: true } },
  });
  const { minimum } = spec.verification_fields.individual;
  assert.deepEqual(account.requirements?.currently_due, minimum.filter((name) => name !== 'business_type').toSorted());
  const all = await stripe.countrySpecs.list({ limit: 100 });
  assert.ok(all.data.some(({ id, default_currency: currency }) => id === 'DE' && currency === 'eur'));
  assert.equal((await refusal(stripe.countrySpecs.retrieve('XX'))).statusCode, 404);
});
