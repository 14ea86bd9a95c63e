import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { answered } from './fixtures/answered.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { restOf } from './fixtures/rest.ts';
import { until } from './fixtures/until.ts';

let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: false });
});
after(() => house?.stop());

const pidOf = (name: string): number => {
  const found = house.platform.status().processes.find((process) => process.name === name);
  assert.ok(typeof found?.pid === 'number', `there is no process ${name}`);
  return found.pid;
};

/** Lets a stopped process run again, unless it was silent for so long that its supervisor has put another in its place. */
function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

/** What the ledger has of a currency, and what the statement adds up to. */
async function books(stripe: Stripe, currency: string): Promise<{ ledger: number; statement: number }> {
  const { available, pending } = await stripe.balance.retrieve();
  const of = (parts: readonly { currency: string; amount: number }[]) => parts.find((part) => part.currency === currency)?.amount ?? 0;
  let statement = 0;
  for await (const line of stripe.balanceTransactions.list({ currency, limit: 100 })) statement += line.net;
  return { ledger: of(available) + of(pending), statement };
}

test('a service that is killed between its steps loses no money and moves none twice', { timeout: 55_000 }, async () => {
  const stripe = house.stripe();
  const paid = await answered(() =>
    stripe.paymentIntents.create({ amount: 1000, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' }),
  );
  // The ledger hears nothing while payments is killed, so that it dies with steps begun and none finished.
  const ledger = pidOf('ledger');
  process.kill(ledger, 'SIGSTOP');
  const create = () =>
    stripe.paymentIntents.create(
      { amount: 700, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' },
      { idempotencyKey: 'create' },
    );
  const refund = () => stripe.refunds.create({ payment_intent: paid.id, amount: 300 }, { idempotencyKey: 'refund' });
  const begun = Promise.allSettled([create(), refund()]);
  for (const again of [create, refund]) {
    const inUse = (error: Stripe.errors.StripeError) => error.statusCode === 409;
    for (let tries = 0; tries < 600; tries += 1) if (await again().then(() => true, inUse)) break;
  }
  process.kill(pidOf('payments'), 'SIGKILL');
  goOn(ledger);
  assert.ok((await begun).every(({ status }) => status === 'rejected'));
  const [intent, back] = await Promise.all([answered(create), answered(refund)]);
  assert.equal(intent.status, 'succeeded');
  assert.equal((await stripe.charges.list({ payment_intent: intent.id })).data.length, 1);
  // It was nothing but an intention when its service died.
  const made = await stripe.events.list({ type: 'payment_intent.created' });
  assert.deepEqual(
    made.data.map(({ data }) => (data.object as Stripe.PaymentIntent).id),
    [intent.id, paid.id],
  );
  assert.deepEqual(
    (await stripe.paymentIntents.list()).data.map(({ id }) => id),
    [intent.id, paid.id],
  );
  assert.equal(back.amount, 300);
  assert.equal((await stripe.refunds.list({ payment_intent: paid.id })).data.length, 1);
  assert.equal((await answered(refund)).id, back.id);
  assert.deepEqual(await books(stripe, 'usd'), { ledger: 1400, statement: 1400 });
});

test('requests that are asked again until they are answered have each taken effect once, wherever the service died', {
  timeout: 55_000,
}, async () => {
  const stripe = house.stripe();
  const count = 24;
  const customer = await answered(() => stripe.customers.create({}, { idempotencyKey: 'customer' }));
  const payer = await answered(() => stripe.customers.create({}, { idempotencyKey: 'payer' }));
  const method = await answered(() =>
    stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id }, { idempotencyKey: 'method' }),
  );
  await answered(() => stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } }));
  const monthly = { currency: 'eur', unit_amount: 400, recurring: { interval: 'month' }, product_data: { name: 'Tea' } } as const;
  const price = await answered(() => stripe.prices.create(monthly, { idempotencyKey: 'price' }));
  let done = 0;
  const flow = async (at: number) => {
    const key = `flow ${at}`;
    const intent = await answered(() =>
      stripe.paymentIntents.create(
        { amount: 1000, currency: 'eur', customer: customer.id, confirm: true, capture_method: 'manual', payment_method: 'pm_card_visa' },
        { idempotencyKey: `${key} create` },
      ),
    );
    await answered(() => stripe.paymentIntents.capture(intent.id, { amount_to_capture: 800 }, { idempotencyKey: `${key} capture` }));
    await answered(() => stripe.refunds.create({ payment_intent: intent.id, amount: 100 + at }, { idempotencyKey: `${key} refund` }));
    const charge = { amount: 500, currency: 'eur', customer: customer.id, source: 'tok_bypassPending' };
    await answered(() => stripe.charges.create(charge, { idempotencyKey: `${key} charge` }));
    await answered(() => stripe.payouts.create({ amount: 200 + at, currency: 'eur' }, { idempotencyKey: `${key} payout` }));
    const draft = await answered(() =>
      stripe.invoices.create({ customer: customer.id, currency: 'eur' }, { idempotencyKey: `${key} invoice` }),
    );
    const item = { customer: customer.id, invoice: draft.id, amount: 300, currency: 'eur' };
    await answered(() => stripe.invoiceItems.create(item, { idempotencyKey: `${key} item` }));
    await answered(() => stripe.invoices.finalizeInvoice(draft.id, {}, { idempotencyKey: `${key} finalize` }));
    const settled = await answered(() =>
      stripe.invoices.pay(draft.id, { payment_method: 'pm_card_visa' }, { idempotencyKey: `${key} pay` }),
    );
    assert.equal(settled.status, 'paid');
    const items = [{ price: price.id }];
    const made = await answered(() =>
      stripe.subscriptions.create({ customer: customer.id, items }, { idempotencyKey: `${key} subscription` }),
    );
    assert.equal(made.status, 'active');
    const credit = { invoice: String(made.latest_invoice), amount: 60, refund_amount: 60 };
    await answered(() => stripe.creditNotes.create(credit, { idempotencyKey: `${key} credit` }));
    const transfer = { amount: 250, currency: 'eur', customer: payer.id, confirm: true, payment_method_types: ['customer_balance'] };
    const bank = { payment_method_data: { type: 'customer_balance' as const } };
    await answered(() => stripe.paymentIntents.create({ ...transfer, ...bank }, { idempotencyKey: `${key} transfer` }));
    const sent = { amount: 300, currency: 'eur' };
    await answered(() => stripe.testHelpers.customers.fundCashBalance(payer.id, sent, { idempotencyKey: `${key} fund` }));
    done += 1;
    return intent.id;
  };
  const flows = Array.from({ length: count }, (_, at) => flow(at));
  for (const part of [1, 8]) {
    for (let tries = 0; done < part && tries < 2_000; tries += 1) await pause(5);
    process.kill(pidOf('payments'), 'SIGKILL');
    await answered(() => stripe.customers.retrieve(customer.id));
  }
  const ids = await Promise.all(flows);
  assert.equal(new Set(ids).size, count);
  const expected = Array.from({ length: count }, (_, at) => 800 - 100 - at + 500 - 200 - at + 300 + 400 - 60 + 250).reduce(
    (sum, each) => sum + each,
    0,
  );
  await until(
    () => Array.fromAsync(stripe.paymentIntents.list({ customer: payer.id, limit: 100 })),
    (all) => all.length === count && all.every(({ status }) => status === 'succeeded'),
  );
  assert.deepEqual((await stripe.customers.retrieveCashBalance(payer.id)).available, { eur: 50 * count });
  const seen = await Array.fromAsync(stripe.paymentIntents.list({ customer: customer.id, limit: 100 }));
  assert.equal(seen.length, 3 * count);
  assert.ok(seen.every(({ status }) => status === 'succeeded'));
  assert.equal((await Array.fromAsync(stripe.charges.list({ customer: customer.id, limit: 100 }))).length, 4 * count);
  const subscriptions = await Array.fromAsync(stripe.subscriptions.list({ customer: customer.id, limit: 100 }));
  assert.deepEqual([subscriptions.length, (await Array.fromAsync(stripe.creditNotes.list({ limit: 100 }))).length], [count, count]);
  assert.equal((await Array.fromAsync(stripe.payouts.list({ limit: 100 }))).length, count);
  assert.deepEqual(await books(stripe, 'eur'), { ledger: expected, statement: expected });
});

test('a training that was killed in the middle is begun again, and ends', { timeout: 55_000 }, async () => {
  const { bearer } = await house.credential({ environment: 'test', role: 'admin' });
  type Version = { readonly id: string; readonly status: string; readonly failure: string | null };
  const ask = (method: string, path: string, body?: object) =>
    restOf<Version>(house, bearer, method, `risk-model-versions/${path}`, body).catch(() => undefined);
  const paid = { amount: 900, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' };
  await answered(() => house.stripe().paymentIntents.create(paid, { idempotencyKey: 'learned' }));
  const begun = await ask('POST', '-/train-risk-model', { label_after_s: 0 });
  process.kill(pidOf('payments'), 'SIGKILL');
  assert.equal(begun?.status, 'training');
  const left = await until(
    () => ask('GET', begun.id),
    (version) => version !== undefined,
  );
  assert.equal(left?.status, 'training');
  const ended = await until(
    () => ask('GET', begun.id),
    (version) => version !== undefined && version.status !== 'training',
  );
  // It was told of all that was paid, none of which is a fraud.
  assert.deepEqual([ended?.id, ended?.status], [begun.id, 'failed']);
  assert.match(String(ended?.failure), /^Of [1-9]\d* payments that are old enough 0 were told to be frauds/);
});
