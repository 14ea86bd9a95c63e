import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { readyAccount } from './fixtures/account.ts';
import { type House, openHouse } from './fixtures/house.ts';

const file = new URL('../../../../shared/data/stripe/fixtures3.json', import.meta.url);
const skip = existsSync(file) ? false : 'there is no ../shared/data/stripe beside this checkout';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

type Fields = Record<string, unknown>;

/** Fields of connected accounts and old sources that these objects do not have here. */
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The paths of an example that the object lacks; what is null in one of both has no parts to compare. */
function lacking(example: Fields, object: Fields, path = ''): string[] {
  return Object.entries(example).flatMap(([name, value]) => {
    const at = `${path}${name}`;
    if (!Object.hasOwn(object, name)) return [at];
    const [inner, other] = [value, object[name]];
    return isObject(inner) && isObject(other) && !['metadata', 'source'].includes(name) ? lacking(inner, other, `${at}.`) : [];
  });
}

test('objects have the fields of the published examples', { skip }, async () => {
  const { resources } = JSON.parse(readFileSync(file, 'utf8')) as { resources: Record<string, Fields> };
  const stripe = house.stripe();
  const customer = await stripe.customers.create({ email: 'a@example.com' });
  const intent = await stripe.paymentIntents.create({
    ...{ amount: 2000, currency: 'usd', customer: customer.id, confirm: true, payment_method: 'pm_card_visa', capture_method: 'manual' },
  });
  await stripe.paymentIntents.capture(intent.id);
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
  const charge = await stripe.charges.retrieve(String(intent.latest_charge), { expand: ['refunds'] });
  const setup = await stripe.setupIntents.create({
    ...{ confirm: true, payment_method: 'pm_card_visa', return_url: 'https://example.com' },
    mandate_data: { customer_acceptance: { type: 'online', online: { ip_address: '127.0.0.1', user_agent: 'test' } } },
  });
  const contested = await stripe.paymentIntents.create({
    amount: 500,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_createDispute',
  });
  await stripe.charges.create({ amount: 900, currency: 'usd', source: 'tok_bypassPending' });
  const card = { number: '4242424242424242', exp_month: '12', exp_year: String(new Date().getUTCFullYear() + 1) };
  const price = await stripe.prices.create({
    currency: 'usd',
    unit_amount: 900,
    recurring: { interval: 'month' },
    product_data: { name: 'Tea' },
  });
  const coupon = await stripe.coupons.create({ percent_off: 25.5, duration: 'repeating', duration_in_months: 3 });
  const invoice = await stripe.invoices.create({ customer: customer.id });
  const subscriber = await stripe.customers.create({ source: 'tok_visa' });
  const lasting = await stripe.coupons.create({ percent_off: 10, duration: 'forever' });
  const subscription = await stripe.subscriptions.create({
    ...{ customer: subscriber.id, items: [{ price: price.id }], discounts: [{ coupon: lasting.id }], expand: ['discounts'] },
  });
  const billed = await stripe.invoices.retrieve(String(subscription.latest_invoice));
  const lines = [{ type: 'invoice_line_item', invoice_line_item: String(billed.lines.data[0]?.id), amount: 100 } as const];
  const credited = await stripe.creditNotes.create({ invoice: billed.id, lines, credit_amount: 90 });
  const seller = await stripe.accounts.create(readyAccount);
  const passed = await stripe.paymentIntents.create({
    ...{ amount: 1000, currency: 'usd', confirm: true, payment_method: 'pm_card_bypassPending', application_fee_amount: 100 },
    transfer_data: { destination: seller.id },
  });
  const { transfer, application_fee: fee } = await stripe.charges.retrieve(String(passed.latest_charge));
  const invoiceitem = await stripe.invoiceItems.create({ customer: customer.id, invoice: invoice.id, amount: 300, currency: 'usd' });
  const objects = {
    invoiceitem,
    invoice: await stripe.invoices.retrieve(invoice.id),
    line_item: (await stripe.invoices.retrieve(invoice.id)).lines.data[0],
    subscription,
    subscription_item: subscription.items.data[0],
    discount: subscription.discounts[0],
    credit_note: credited,
    credit_note_line_item: credited.lines.data[0],
    customer_balance_transaction: (await stripe.customers.listBalanceTransactions(subscriber.id)).data[0],
    'test_helpers.test_clock': await stripe.testHelpers.testClocks.create({ frozen_time: 1_800_000_000 }),
    'checkout.session': await stripe.checkout.sessions.create({
      ...{ mode: 'subscription', success_url: 'https://example.com', line_items: [{ price: price.id, quantity: 1 }] },
    }),
    payment_link: await stripe.paymentLinks.create({ line_items: [{ price: price.id, quantity: 1 }] }),
    account: seller,
    transfer_reversal: await stripe.transfers.createReversal(String(transfer), { amount: 200 }),
    transfer: await stripe.transfers.retrieve(String(transfer)),
    application_fee: await stripe.applicationFees.retrieve(String(fee)),
    price,
    coupon,
    product: await stripe.products.retrieve(String(price.product)),
    promotion_code: await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id } }),
    tax_rate: await stripe.taxRates.create({ display_name: 'VAT', inclusive: false, percentage: 19 }),
    setup_intent: setup,
    mandate: await stripe.mandates.retrieve(String(setup.mandate)),
    dispute: (await stripe.disputes.list({ payment_intent: contested.id })).data[0],
    webhook_endpoint: await stripe.webhookEndpoints.create({ url: 'https://example.com/hook', enabled_events: ['*'] }),
    token: await stripe.tokens.create({ card }),
    confirmation_token: await stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' }),
    payout: await stripe.payouts.create({ amount: 100, currency: 'usd' }),
    customer,
    payment_intent: await stripe.paymentIntents.retrieve(intent.id),
    payment_method: await stripe.paymentMethods.retrieve(String(intent.payment_method)),
    charge,
    refund,
    balance: await stripe.balance.retrieve(),
    balance_transaction: await stripe.balanceTransactions.retrieve(String(charge.balance_transaction)),
    event: (await stripe.events.list({ limit: 1 })).data[0],
  };
  for (const [kind, object] of Object.entries(objects)) {
    // What an example of another means of payment, or of another event, has in it is not looked for.
    const other = { event: { data: {} }, mandate: { payment_method_details: {} }, confirmation_token: { payment_method_preview: {} } };
    const example = { ...resources[kind], ...(kind in other ? other[kind as keyof typeof other] : {}) };
    assert.deepEqual(lacking(example as Fields, object as unknown as Fields), [], kind);
  }
});
