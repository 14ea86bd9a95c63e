import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

/** A finalized invoice of one amount. */
async function invoiced(customer: string, amount: number, more: Stripe.InvoiceCreateParams = {}): Promise<Stripe.Invoice> {
  const draft = await stripe.invoices.create({ customer, currency: 'usd', ...more });
  await stripe.invoiceItems.create({ customer, invoice: draft.id, amount, currency: 'usd' });
  return stripe.invoices.finalizeInvoice(draft.id);
}

test('items come to a sum with discounts and taxes, each line for itself', async () => {
  const customer = (await stripe.customers.create({ name: 'Ina' })).id;
  const vat = await stripe.taxRates.create({ display_name: 'VAT', inclusive: false, percentage: 19 });
  const inside = await stripe.taxRates.create({ display_name: 'GST', inclusive: true, percentage: 7 });
  const coupon = await stripe.coupons.create({ percent_off: 10, duration: 'once', max_redemptions: 1 });
  const half = Stripe.Decimal.from('0.5');
  const price = await stripe.prices.create({ currency: 'eur', unit_amount_decimal: half, product_data: { name: 'Grain' } });
  await stripe.invoiceItems.create({ customer, pricing: { price: price.id }, quantity: 333 });
  await stripe.invoiceItems.create({ customer, amount: 1070, currency: 'eur', tax_rates: [inside.id], discountable: false });
  await stripe.invoiceItems.create({ customer, amount: 500, currency: 'usd' });
  const wanted: Stripe.InvoiceCreateParams = { customer, currency: 'eur', default_tax_rates: [vat.id] };
  wanted.pending_invoice_items_behavior = 'include';
  const draft = await stripe.invoices.create({ ...wanted, discounts: [{ coupon: coupon.id }] });
  assert.deepEqual(
    draft.lines.data.map(({ amount, taxes }) => [amount, taxes?.[0]?.amount, taxes?.[0]?.taxable_amount]),
    [
      [167, 29, 150],
      [1070, 70, 1000],
    ],
  );
  assert.deepEqual([draft.subtotal, draft.total_discount_amounts?.[0]?.amount, draft.total], [1237, 17, 1249]);
  assert.deepEqual([draft.total_excluding_tax, draft.amount_due, draft.status], [1150, 1249, 'draft']);
  assert.equal((await refusal(stripe.invoices.create({ ...wanted, discounts: [{ coupon: coupon.id }] }))).code, 'coupon_expired');
  const more = await stripe.invoiceItems.create({ customer, invoice: draft.id, amount: -49, currency: 'eur', tax_rates: [inside.id] });
  assert.equal((await stripe.invoices.retrieve(draft.id)).total, 1200);
  const less = await stripe.invoiceItems.update(more.id, { amount: -98, description: 'Less', metadata: { why: 'old' } });
  assert.deepEqual([less.amount, less.description, less.metadata?.why], [-98, 'Less', 'old']);
  assert.equal((await stripe.invoices.retrieve(draft.id)).total, 1151);
  const lines = await stripe.invoices.listLineItems(draft.id, { limit: 2 });
  assert.deepEqual([lines.data.length, lines.has_more], [2, true]);
  const [last] = (await stripe.invoices.listLineItems(draft.id, { starting_after: String(lines.data[1]?.id) })).data;
  assert.deepEqual([last?.amount, last?.description], [-98, 'Less']);
  await stripe.invoiceItems.del(more.id);
  assert.equal((await stripe.invoices.retrieve(draft.id)).total, 1249);
  assert.equal((await stripe.invoiceItems.list({ customer, pending: true })).data.length, 1);
  await stripe.invoices.del(draft.id);
  assert.equal((await stripe.invoiceItems.list({ customer, pending: true })).data.length, 3);
  assert.equal((await refusal(stripe.invoices.retrieve(draft.id))).code, 'resource_missing');
});

test('an invoice that is sent is told of, once a draft has ended', async () => {
  const customer = (await stripe.customers.create()).id;
  const sent = async () => (await stripe.events.list({ type: 'invoice.sent' })).data.map(({ data }) => (data.object as Stripe.Invoice).id);
  const draft = await stripe.invoices.create({ customer, currency: 'usd', collection_method: 'send_invoice', days_until_due: 7 });
  await stripe.invoiceItems.create({ customer, invoice: draft.id, amount: 300, currency: 'usd' });
  assert.equal((await stripe.invoices.sendInvoice(draft.id)).status, 'open');
  assert.equal((await stripe.invoices.sendInvoice(draft.id)).amount_due, 300);
  assert.deepEqual(await sent(), [draft.id, draft.id]);
  const taken = await stripe.invoices.create({ customer, currency: 'usd' });
  assert.equal((await refusal(stripe.invoices.sendInvoice(taken.id))).param, 'collection_method');
});

test('an invoice is numbered, declined, paid once by however many ask, and its payment is its own', async () => {
  const made = await stripe.customers.create();
  const customer = made.id;
  const invoice = await invoiced(customer, 2500);
  assert.deepEqual([invoice.status, invoice.number], ['open', `${made.invoice_prefix}-0001`]);
  assert.equal((await refusal(stripe.invoiceItems.create({ customer, invoice: invoice.id, amount: 1, currency: 'usd' }))).statusCode, 400);
  assert.equal((await refusal(stripe.invoices.pay(invoice.id))).code, 'missing');
  const declined = await refusal(stripe.invoices.pay(invoice.id, { payment_method: 'pm_card_chargeDeclined' }));
  assert.deepEqual([declined.statusCode, declined.decline_code], [402, 'generic_decline']);
  const after = await stripe.invoices.retrieve(invoice.id);
  assert.deepEqual([after.status, after.attempt_count, after.amount_paid], ['open', 1, 0]);
  const intent = String(declined.payment_intent?.id);
  const taken = await Promise.all([
    refusal(stripe.paymentIntents.update(intent, { amount: 50 })),
    refusal(stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa', capture_method: 'manual' })),
    refusal(stripe.paymentIntents.cancel(intent)),
  ]);
  for (const { statusCode } of taken) assert.equal(statusCode, 400);
  const asked = await Promise.allSettled(
    Array.from({ length: 8 }, () => stripe.invoices.pay(invoice.id, { payment_method: 'pm_card_visa' })),
  );
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 1);
  const paid = await stripe.invoices.retrieve(invoice.id);
  assert.deepEqual([paid.status, paid.amount_paid, paid.amount_remaining], ['paid', 2500, 0]);
  assert.equal((await stripe.charges.list({ payment_intent: intent })).data.filter((charge) => charge.paid).length, 1);
  assert.equal((await refusal(stripe.invoices.pay(invoice.id))).code, 'invoice_already_paid');
  assert.equal((await refusal(stripe.invoices.voidInvoice(invoice.id))).code, 'invoice_not_editable');
  const types = (await stripe.events.list({ type: 'invoice.*', limit: 4 })).data.map(({ type }) => type);
  assert.deepEqual(types, ['invoice.payment_succeeded', 'invoice.paid', 'invoice.payment_failed', 'invoice.finalized']);
});

test('a page pays an invoice by its secret; a customer pays by the card of their own; nothing due is paid', async () => {
  const customer = (await stripe.customers.create({ source: 'tok_visa' })).id;
  const invoice = await invoiced(customer, 800);
  assert.equal((await stripe.invoices.pay(invoice.id)).status, 'paid');
  const other = await invoiced(customer, 900);
  assert.match(String(other.number), /-0002$/);
  const secret = String(other.confirmation_secret?.client_secret);
  const page = house.stripe(house.faces.stripe.publishableKey);
  const data = { type: 'card', card: { token: 'tok_mastercard' } } as const;
  const shown = { client_secret: secret, payment_method_data: data };
  const id = secret.split('_secret_')[0] ?? '';
  assert.equal((await page.paymentIntents.confirm(id, shown)).status, 'succeeded');
  assert.equal((await stripe.invoices.retrieve(other.id)).status, 'paid');
  const free = await stripe.invoices.create({ customer });
  assert.equal((await stripe.invoices.finalizeInvoice(free.id)).status, 'paid');
  assert.deepEqual(
    (await stripe.invoices.list({ customer, status: 'paid' })).data.map((each) => each.id),
    [free.id, other.id, invoice.id],
  );
});

test('an invoice is voided with its payment, given up, or paid another way', async () => {
  const customer = (await stripe.customers.create()).id;
  const [one, two, three] = [await invoiced(customer, 700), await invoiced(customer, 800), await invoiced(customer, 900)];
  assert.equal((await stripe.invoices.voidInvoice(one.id)).status, 'void');
  const secret = String(one.confirmation_secret?.client_secret);
  assert.equal((await stripe.paymentIntents.retrieve(secret.split('_secret_')[0] ?? '')).status, 'canceled');
  assert.equal((await refusal(stripe.invoices.pay(one.id, { payment_method: 'pm_card_visa' }))).statusCode, 400);
  assert.equal((await stripe.invoices.markUncollectible(two.id)).status, 'uncollectible');
  assert.equal((await stripe.invoices.pay(two.id, { payment_method: 'pm_card_visa' })).status, 'paid');
  const outside = await stripe.invoices.pay(three.id, { paid_out_of_band: true });
  assert.deepEqual([outside.status, outside.amount_remaining], ['paid', 0]);
  assert.equal((await stripe.charges.list({ customer })).data.length, 1);
  assert.equal((await stripe.invoices.update(two.id, { metadata: { a: '1' } })).metadata?.a, '1');
  assert.equal((await refusal(stripe.invoices.update(two.id, { description: 'late' }))).code, 'invoice_not_editable');
});

test('what was invoiced too much is credited: it is not owed, or comes back to the card or the balance, and never more than was paid', async () => {
  const customer = (await stripe.customers.create({ source: 'tok_visa' })).id;
  const vat = await stripe.taxRates.create({ display_name: 'VAT', inclusive: false, percentage: 10 });
  const owed = await invoiced(customer, 2000, { default_tax_rates: [vat.id] });
  const line = String(owed.lines.data[0]?.id);
  const lines = [{ type: 'invoice_line_item', invoice_line_item: line, amount: 500 } as const];
  const note = await stripe.creditNotes.create({ invoice: owed.id, lines, reason: 'order_change' });
  assert.deepEqual([note.total, note.subtotal, note.type, note.number], [550, 500, 'pre_payment', `${String(owed.number)}-CN-01`]);
  const other = await stripe.creditNotes.create({ invoice: owed.id, amount: 150 });
  assert.equal((await stripe.creditNotes.voidCreditNote(other.id)).status, 'void');
  const paid = await stripe.invoices.pay(owed.id);
  assert.deepEqual([paid.amount_paid, paid.amount_due, paid.pre_payment_credit_notes_amount], [1650, 1650, 550]);
  assert.equal((await refusal(stripe.creditNotes.create({ invoice: owed.id, amount: 1651, refund_amount: 1651 }))).param, 'amount');
  assert.equal((await refusal(stripe.creditNotes.create({ invoice: owed.id, amount: 100 }))).param, 'credit_amount');
  const split = { invoice: owed.id, amount: 900, refund_amount: 600, credit_amount: 300 };
  const [once, twice] = await Promise.allSettled([stripe.creditNotes.create(split), stripe.creditNotes.create(split)]);
  assert.deepEqual([once?.status, twice?.status].toSorted(), ['fulfilled', 'rejected']);
  const { data } = await stripe.refunds.list({ limit: 10 });
  assert.deepEqual(
    data.map(({ amount }) => amount),
    [600],
  );
  assert.equal(((await stripe.customers.retrieve(customer)) as Stripe.Customer).balance, -300);
  const whole = await invoiced(customer, 1300);
  assert.deepEqual([whole.amount_due, whole.starting_balance], [1000, -300]);
  await stripe.creditNotes.create({ invoice: whole.id, amount: 1000 });
  assert.equal((await stripe.invoices.retrieve(whole.id)).status, 'paid');
  assert.equal((await stripe.creditNotes.list({ customer })).data.length, 4);
});

test('a code and a coupon of one product take off what they are of, once and from whom they may', async () => {
  const customer = (await stripe.customers.create({ source: 'tok_visa' })).id;
  const [tea, cup] = await Promise.all(
    ['Tea', 'Cup'].map((name) => stripe.prices.create({ currency: 'usd', unit_amount: 1000, product_data: { name } })),
  );
  const coupon = await stripe.coupons.create({ amount_off: 300, currency: 'usd', applies_to: { products: [String(tea?.product)] } });
  const promotion = { promotion: { type: 'coupon', coupon: coupon.id } } as const;
  const first = await stripe.promotionCodes.create({ ...promotion, restrictions: { first_time_transaction: true }, code: 'FIRST' });
  const rich = await stripe.promotionCodes.create({
    ...promotion,
    restrictions: { minimum_amount: 5000, minimum_amount_currency: 'usd' },
  });
  for (const price of [tea, cup]) await stripe.invoiceItems.create({ customer, pricing: { price: String(price?.id) } });
  const wanted = { customer, currency: 'usd', pending_invoice_items_behavior: 'include' } as const;
  const tooLittle = await refusal(stripe.invoices.create({ ...wanted, discounts: [{ promotion_code: rich.id }] }));
  assert.equal(tooLittle.code, 'promotion_code_minimum_amount');
  const invoice = await stripe.invoices.create({ ...wanted, discounts: [{ promotion_code: first.id }], expand: ['discounts'] });
  assert.deepEqual(
    invoice.lines.data.map(({ discount_amounts: off }) => off?.[0]?.amount ?? 0),
    [300, 0],
  );
  assert.equal((invoice.discounts[0] as Stripe.Discount).promotion_code, first.id);
  await stripe.invoices.finalizeInvoice(invoice.id);
  assert.equal((await stripe.invoices.pay(invoice.id)).amount_paid, 1700);
  assert.equal((await stripe.promotionCodes.retrieve(first.id)).times_redeemed, 1);
  const again = await refusal(stripe.invoices.create({ ...wanted, discounts: [{ promotion_code: first.id }] }));
  assert.equal(again.code, 'customer_has_prior_transactions');
  const monthly = await stripe.prices.create({
    ...{ currency: 'usd', unit_amount: 2000, recurring: { interval: 'month' }, product_data: { name: 'Box' } },
  });
  const half = await stripe.coupons.create({ percent_off: 50, duration: 'once' });
  const made = await stripe.subscriptions.create({
    ...{ customer, items: [{ price: monthly.id }], discounts: [{ coupon: half.id }], expand: ['latest_invoice'] },
  });
  assert.deepEqual([(made.latest_invoice as Stripe.Invoice).amount_paid, made.discounts], [1000, []]);
});
