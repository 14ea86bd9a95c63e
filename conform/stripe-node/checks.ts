import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import type StripeClient from 'stripe';
import { type Check, checksOf } from '../client.ts';

type Given = { readonly address: string; readonly key: string; readonly run: string };
type Paying = StripeClient.PaymentIntentCreateParams;

/** One scenario, as the other clients of Stripe have it, by the package at this path. */
export async function stripeNodeScenario(path: string, { address, key, run }: Given): Promise<Check[]> {
  const { default: Stripe } = (await import(pathToFileURL(path).href)) as { default: typeof StripeClient };
  const { hostname: host, port } = new URL(address);
  const open = (secret: string) =>
    new Stripe(secret, { host, port: Number(port), protocol: 'http', maxNetworkRetries: 2, telemetry: false });
  const stripe = open(key);
  let customer = '';
  const paid = (amount: number, card: string, more: Partial<Paying> = {}): Paying => ({
    ...{ amount, currency: 'usd', confirm: true, payment_method: card, ...more },
  });

  async function refused(asked: Promise<unknown>): Promise<StripeClient.errors.StripeError> {
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof Stripe.errors.StripeError, 'it was not refused');
    return error;
  }

  async function customers() {
    const made = [];
    for (const at of [0, 1, 2]) made.push(await stripe.customers.create({ name: `Customer ${at}`, metadata: { of: run } }));
    customer = made[2]?.id ?? '';
    const changed = await stripe.customers.update(made[0]?.id ?? '', { email: 'first@example.com', address: { city: 'Oslo' } });
    assert.equal(changed.address?.city, 'Oslo');
    const all = await Array.fromAsync(stripe.customers.list({ limit: 2 }));
    const ours = all.filter(({ metadata }) => metadata?.of === run).map(({ id }) => id);
    assert.deepEqual(ours, made.map(({ id }) => id).toReversed());
  }

  async function confirms() {
    const expand = ['latest_charge.balance_transaction', 'customer'];
    const made = await stripe.paymentIntents.create(paid(2000, 'pm_card_visa', { customer, expand }));
    const charge = made.latest_charge as StripeClient.Charge;
    assert.deepEqual([made.status, charge.payment_method_details?.card?.last4], ['succeeded', '4242']);
    assert.equal((charge.balance_transaction as StripeClient.BalanceTransaction).net, 2000);
    assert.equal((made.customer as StripeClient.Customer).id, customer);
  }

  async function captures() {
    const held = await stripe.paymentIntents.create(paid(1000, 'pm_card_mastercard', { capture_method: 'manual' }));
    assert.equal(held.status, 'requires_capture');
    const taken = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 600 });
    assert.deepEqual([taken.status, taken.amount_received], ['succeeded', 600]);
    const back = await stripe.refunds.create({ payment_intent: held.id, amount: 250 });
    assert.deepEqual([back.status, back.amount], ['succeeded', 250]);
    assert.equal((await refused(stripe.refunds.create({ payment_intent: held.id, amount: 351 }))).param, 'amount');
    const off = await stripe.paymentIntents.create(paid(900, 'pm_card_visa', { capture_method: 'manual' }));
    assert.equal((await stripe.paymentIntents.cancel(off.id)).status, 'canceled');
  }

  async function declines() {
    const error = await refused(stripe.paymentIntents.create(paid(500, 'pm_card_chargeDeclinedInsufficientFunds')));
    assert.deepEqual([error.statusCode, error.code, error.decline_code], [402, 'card_declined', 'insufficient_funds']);
    const again = await stripe.paymentIntents.confirm(error.payment_intent?.id ?? '', { payment_method: 'pm_card_visa' });
    assert.equal(again.status, 'succeeded');
    const away = { return_url: 'https://example.com/back' };
    const waits = await stripe.paymentIntents.create(paid(500, 'pm_card_threeDSecure2Required', away));
    assert.deepEqual([waits.status, waits.next_action?.type], ['requires_action', 'redirect_to_url']);
  }

  async function repeats() {
    const once = { idempotencyKey: `node ${run}` };
    const first = await stripe.paymentIntents.create(paid(700, 'pm_card_visa'), once);
    assert.equal((await stripe.paymentIntents.create(paid(700, 'pm_card_visa'), once)).id, first.id);
    assert.equal((await refused(stripe.paymentIntents.create(paid(701, 'pm_card_visa'), once))).type, 'StripeIdempotencyError');
  }

  async function keys() {
    assert.equal((await refused(open('sk_test_wrong').balance.retrieve())).statusCode, 401);
    const error = await refused(stripe.paymentIntents.create({ amount: 100 } as Paying));
    assert.deepEqual([error.param, error.code], ['currency', 'parameter_missing']);
    assert.equal((await refused(stripe.customers.retrieve('cus_none'))).code, 'resource_missing');
  }

  async function prepares() {
    const back = { return_url: 'https://example.com' };
    const made = await stripe.setupIntents.create({ customer, confirm: true, payment_method: 'pm_card_visa', ...back });
    assert.equal(made.status, 'succeeded');
    const later = await stripe.paymentIntents.create(paid(400, String(made.payment_method), { customer, off_session: true }));
    assert.equal(later.status, 'succeeded');
    const kept = await stripe.customers.listPaymentMethods(customer);
    assert.deepEqual(
      kept.data.map(({ id }) => id),
      [made.payment_method],
    );
  }

  async function subscribes() {
    const method = (await stripe.customers.listPaymentMethods(customer)).data[0]?.id ?? '';
    const product = { product_data: { name: 'Club' } };
    const price = await stripe.prices.create({ currency: 'usd', unit_amount: 900, recurring: { interval: 'month' }, ...product });
    const wanted = { customer, items: [{ price: price.id }], default_payment_method: method, expand: ['latest_invoice'] };
    const made = await stripe.subscriptions.create(wanted);
    const { status, amount_paid: amount } = made.latest_invoice as StripeClient.Invoice;
    assert.deepEqual([made.status, status, amount], ['active', 'paid', 900]);
    const item = (await stripe.subscriptionItems.list({ subscription: made.id })).data[0];
    const changed = await stripe.subscriptions.update(made.id, { items: [{ id: item?.id ?? '', quantity: 3 }] });
    assert.equal(changed.items.data[0]?.quantity, 3);
    assert.equal((await stripe.subscriptions.list({ price: price.id })).data[0]?.id, made.id);
    assert.equal((await stripe.subscriptions.cancel(made.id)).status, 'canceled');
  }

  async function invoices() {
    const draft = await stripe.invoices.create({ customer, currency: 'usd', pending_invoice_items_behavior: 'exclude' });
    const invoice = draft.id ?? '';
    await stripe.invoiceItems.create({ customer, invoice, amount: 700, currency: 'usd' });
    const ended = await stripe.invoices.finalizeInvoice(invoice);
    assert.deepEqual([ended.status, ended.amount_due, ended.lines.data.length], ['open', 700, 1]);
    const done = await stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' });
    assert.deepEqual([done.status, done.amount_remaining], ['paid', 0]);
    const note = await stripe.creditNotes.create({ invoice, amount: 200, refund_amount: 200 });
    assert.deepEqual([note.status, note.amount], ['issued', 200]);
    assert.equal((await refused(stripe.invoices.voidInvoice(invoice))).statusCode, 400);
  }

  async function connects() {
    const bank = { object: 'bank_account', country: 'US', currency: 'usd', routing_number: '110000000' } as const;
    const seller = await stripe.accounts.create({
      ...{ type: 'custom', country: 'US', business_type: 'individual', email: 'seller@example.com' },
      business_profile: { mcc: '5734', url: 'https://seller.example' },
      capabilities: { transfers: { requested: true }, card_payments: { requested: true } },
      external_account: { ...bank, account_number: '000123456789' },
      individual: { first_name: 'Sal', last_name: 'Ler', dob: { day: 1, month: 2, year: 1990 } },
      tos_acceptance: { date: 1_700_000_000, ip: '127.0.0.1' },
    });
    assert.deepEqual([seller.payouts_enabled, seller.capabilities?.transfers], [true, 'active']);
    const onward = { application_fee_amount: 120, transfer_data: { destination: seller.id } };
    await stripe.paymentIntents.create(paid(1000, 'pm_card_bypassPending', onward));
    const balance = await stripe.balance.retrieve({}, { stripeAccount: seller.id });
    assert.equal(balance.available.find(({ currency }) => currency === 'usd')?.amount, 880);
    await stripe.paymentIntents.create(paid(1000, 'pm_card_bypassPending'));
    const sent = await stripe.transfers.create({ amount: 300, currency: 'usd', destination: seller.id });
    assert.equal((await stripe.transfers.createReversal(sent.id, { amount: 100 })).amount, 100);
    assert.equal((await stripe.transfers.retrieve(sent.id)).amount_reversed, 100);
  }

  return checksOf([
    ['customers are made, changed, and listed page by page', customers],
    ['a payment is confirmed, and what it names is expanded', confirms],
    ['money is held, taken in part, given back and called off', captures],
    ['a decline tells its codes, and another card pays', declines],
    ['the same key is the same payment, and another body under it is refused', repeats],
    ['a wrong key, a missing parameter and a missing object are refused as Stripe does', keys],
    ['a card that was set up pays while its holder is away', prepares],
    ['a subscription is begun, changed and ended, and its first invoice is paid', subscribes],
    ['an invoice is written, ended and paid, and a credit note gives a part back', invoices],
    ['a payment is passed on to a connected account, less a fee, and a transfer comes back in part', connects],
  ]);
}
