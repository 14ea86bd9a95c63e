import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { readyAccount } from './fixtures/account.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
});
after(() => house?.stop());

const put = async (rates: readonly object[]) => {
  const { bearer } = await house.credential({ environment: 'test', role: 'admin' });
  const reply = await house.call('POST', '/v1/payments/fee-schedules/-/put-fee-schedule', { rates }, { door: 'payments.rest', bearer });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
};

test('a charge without an intent is made of a token, of a typed card and of a customer, and given back', async () => {
  const made = await stripe.charges.create({ amount: 2000, currency: 'usd', source: 'tok_visa', description: 'old', metadata: { a: '1' } });
  assert.deepEqual([made.status, made.captured, made.payment_intent], ['succeeded', true, null]);
  assert.equal((made.source as Stripe.Card).last4, '4242');
  assert.equal((await stripe.balanceTransactions.retrieve(String(made.balance_transaction))).source, made.id);
  const year = new Date().getUTCFullYear() + 1;
  const typed = { object: 'card', number: '5555555555554444', exp_month: '12', exp_year: String(year), cvc: '123' };
  const other = await stripe.charges.create({ amount: 600, currency: 'usd', source: typed as unknown as string });
  assert.equal((other.source as Stripe.Card).brand, 'MasterCard');
  const customer = await stripe.customers.create({ source: 'tok_mastercard' });
  assert.match(String(customer.default_source), /^card_/);
  const again = await stripe.charges.create({ amount: 700, currency: 'usd', customer: customer.id });
  assert.deepEqual([again.customer, again.payment_method], [customer.id, customer.default_source]);
  const back = await stripe.refunds.create({ charge: again.id, amount: 300 });
  assert.deepEqual([back.status, back.payment_intent], ['succeeded', null]);
  assert.equal((await refusal(stripe.refunds.create({ charge: again.id, amount: 401 }))).param, 'amount');
  assert.equal((await stripe.charges.retrieve(again.id)).amount_refunded, 300);
  assert.equal((await stripe.charges.list({ customer: customer.id })).data.length, 1);
  const events = await stripe.events.list({ types: ['charge.succeeded', 'payment_intent.succeeded', 'payment_intent.created'], limit: 3 });
  assert.ok(events.data.every(({ type }) => type === 'charge.succeeded'));
  const alone = await stripe.customers.create();
  assert.equal((await refusal(stripe.charges.create({ amount: 700, currency: 'usd', customer: alone.id }))).code, 'missing');
  assert.equal((await refusal(stripe.charges.create({ amount: 700, currency: 'usd' }))).param, 'source');
  assert.equal(
    (await refusal(stripe.charges.create({ amount: 700, currency: 'usd', source: String(customer.default_source) }))).param,
    'source',
  );
});

test('a charge without an intent is declined, held and taken, or let go, and contested', async () => {
  const declined = await refusal(stripe.charges.create({ amount: 500, currency: 'usd', source: 'tok_chargeDeclinedInsufficientFunds' }));
  assert.deepEqual([declined.statusCode, declined.code, declined.decline_code], [402, 'card_declined', 'insufficient_funds']);
  assert.equal((await stripe.charges.retrieve(String(declined.charge))).status, 'failed');
  const unproven = await refusal(stripe.charges.create({ amount: 500, currency: 'usd', source: 'tok_threeDSecure2Required' }));
  assert.equal(unproven.decline_code, 'authentication_required');
  const hold = () => stripe.charges.create({ amount: 900, currency: 'gbp', source: 'tok_visa', capture: false });
  const held = await hold();
  assert.deepEqual([held.captured, held.balance_transaction], [false, null]);
  assert.equal((await refusal(stripe.charges.capture(held.id, { amount: 901 }))).param, 'amount');
  const taken = await stripe.charges.capture(held.id, { amount: 700 });
  assert.deepEqual([taken.captured, taken.amount_captured, taken.amount_refunded], [true, 700, 200]);
  assert.equal((await refusal(stripe.charges.capture(held.id))).code, 'charge_already_captured');
  const free = await hold();
  const let_go = await stripe.refunds.create({ charge: free.id });
  assert.deepEqual([let_go.amount, let_go.balance_transaction], [900, null]);
  assert.equal((await refusal(stripe.charges.capture(free.id))).code, 'charge_already_refunded');
  const { pending } = await stripe.balance.retrieve();
  assert.equal(pending.find(({ currency }) => currency === 'gbp')?.amount, 700);
  const contested = await stripe.charges.create({ amount: 500, currency: 'usd', source: 'tok_createDispute' });
  const dispute = (await stripe.disputes.list({ charge: contested.id })).data[0];
  const won = await stripe.disputes.update(String(dispute?.id), { evidence: { uncategorized_text: 'winning_evidence' } });
  assert.equal(won.status, 'won');
});

test('what payments cost follows the table, first row that fits, and leaves the balance with the payment', async () => {
  await put([
    { currency: 'SEK', country: 'DE', basis_points: 400, fixed: 180 },
    { currency: 'SEK', basis_points: 150, fixed: 180 },
  ]);
  const pay = (payment_method: string) =>
    stripe.paymentIntents.create({
      ...{ amount: 10_050, currency: 'sek', confirm: true, payment_method, expand: ['latest_charge.balance_transaction'] },
    });
  const lineOf = ({ latest_charge }: Stripe.PaymentIntent) =>
    (latest_charge as Stripe.Charge).balance_transaction as Stripe.BalanceTransaction;
  const [home, abroad] = [lineOf(await pay('pm_card_visa')), lineOf(await pay('pm_card_de'))];
  assert.deepEqual([home.fee, home.net], [331, 9719]);
  assert.deepEqual([abroad.fee, abroad.net, abroad.fee_details[0]?.type], [582, 9468, 'stripe_fee']);
  const charge = await stripe.charges.create({ amount: 1000, currency: 'sek', source: 'tok_visa', expand: ['balance_transaction'] });
  assert.equal((charge.balance_transaction as Stripe.BalanceTransaction).net, 805);
  const held = await stripe.paymentIntents.create({
    ...{ amount: 5000, currency: 'sek', confirm: true, payment_method: 'pm_card_visa', capture_method: 'manual' },
  });
  await stripe.paymentIntents.capture(held.id, { amount_to_capture: 2000 });
  const { pending } = await stripe.balance.retrieve();
  assert.equal(pending.find(({ currency }) => currency === 'sek')?.amount, 9719 + 9468 + 805 + 1790);
  await put([]);
  assert.equal(lineOf(await pay('pm_card_visa')).fee, 0);
});

test('a payout takes no more than is available, however many are asked, and may be called off before it went', async () => {
  await stripe.charges.create({ amount: 5000, currency: 'cad', source: 'tok_visa' });
  const early = await refusal(stripe.payouts.create({ amount: 1000, currency: 'cad' }));
  assert.deepEqual([early.statusCode, early.code], [400, 'balance_insufficient']);
  await stripe.charges.create({ amount: 1000, currency: 'cad', source: 'tok_bypassPending' });
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => stripe.payouts.create({ amount: 300, currency: 'cad' })));
  const made = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  assert.equal(made.length, 3);
  const [first] = made;
  assert.ok(first);
  assert.deepEqual([first.status, first.type, first.livemode], ['pending', 'bank_account', false]);
  assert.ok(first.arrival_date > first.created);
  const available = async () => (await stripe.balance.retrieve()).available.find(({ currency }) => currency === 'cad')?.amount;
  assert.equal(await available(), 100);
  assert.equal((await stripe.payouts.cancel(first.id)).status, 'canceled');
  assert.equal(await available(), 400);
  assert.equal((await refusal(stripe.payouts.cancel(first.id))).statusCode, 400);
  const instant = await stripe.payouts.create({ amount: 400, currency: 'cad', method: 'instant', metadata: { run: '7' } });
  await until(
    () => stripe.payouts.retrieve(instant.id),
    ({ status }) => status === 'paid',
  );
  const line = await stripe.balanceTransactions.retrieve(String(instant.balance_transaction));
  assert.deepEqual([line.type, line.net, line.source], ['payout', -400, instant.id]);
  assert.deepEqual((await stripe.payouts.update(instant.id, { metadata: { run: '8' } })).metadata, { run: '8' });
  assert.equal((await stripe.payouts.list({ status: 'canceled' })).data[0]?.id, first.id);
  const types = (await stripe.events.list({ type: 'payout.*' })).data.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 4), ['payout.updated', 'payout.paid', 'payout.updated', 'payout.created']);
  const lines = await stripe.balanceTransactions.list({ currency: 'cad', limit: 100 });
  assert.equal(
    lines.data.reduce((sum, { net }) => sum + net, 0),
    5000,
  );
});

test('a restricted key does what its policies permit, resource by resource, and is told which permission it lacks', async () => {
  const faces = await house.credential({ environment: 'test', role: 'auditor' });
  const key = house.stripe(faces.stripe.secretKey);
  const lacking = await refusal(key.customers.create({ name: 'Ina' }));
  assert.deepEqual([lacking.type, lacking.statusCode, lacking.code], ['StripePermissionError', 403, 'more_permissions_required']);
  assert.match(lacking.message, /'rk_test_\*+\w{4}'.*'rak_customer_write'/);
  assert.ok(!lacking.message.includes(faces.stripe.secretKey));
  const principal = `Gamut::Principal::"service-${faces.id}"`;
  const actions = ['CreateCustomer', 'GetCustomer'].map((name) => `payments::Action::"${name}"`);
  const text = `permit (principal == ${principal}, action in [${actions.join(', ')}], resource);`;
  const written = await house.call('POST', '/v1/platform/policies', { name: 'customers', text });
  assert.equal(written.status, 201, JSON.stringify(written.body));
  const made = await key.customers.create({ name: 'Ina' });
  assert.equal((await key.customers.retrieve(made.id)).id, made.id);
  assert.match((await refusal(key.refunds.create({ charge: 'ch_none' }))).message, /'rak_refund_write'/);
});

test('an older version sees objects as it knew them, and one that never was is refused', async () => {
  const old = (apiVersion: string) => house.stripe(undefined, { apiVersion: apiVersion as Stripe.LatestApiVersion });
  type Old = { status: string; latest_charge?: string; charges?: Stripe.ApiList<Stripe.Charge> };
  const made = await stripe.paymentIntents.create({ amount: 800, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' });
  await stripe.refunds.create({ payment_intent: made.id, amount: 100 });
  const seen = (await old('2020-08-27').paymentIntents.retrieve(made.id)) as unknown as Old;
  assert.deepEqual([seen.latest_charge, seen.charges?.data[0]?.id], [undefined, made.latest_charge]);
  assert.equal(seen.charges?.data[0]?.refunds?.data[0]?.amount, 100);
  const listed = (await old('2022-08-01').paymentIntents.list({ limit: 1 })).data[0] as unknown as Old;
  assert.equal(listed.charges?.data.length, 1);
  const newer = (await old('2022-11-15').paymentIntents.retrieve(made.id)) as unknown as Old;
  assert.deepEqual([newer.latest_charge, newer.charges], [made.latest_charge, undefined]);
  const waiting = { amount: 800, currency: 'usd' };
  assert.equal(((await old('2018-11-08').paymentIntents.create(waiting)) as unknown as Old).status, 'requires_source');
  assert.equal(((await old('2019-02-11').paymentIntents.create(waiting)) as unknown as Old).status, 'requires_payment_method');
  for (const version of ['2025-04-30.basil', '2024-06-20'])
    assert.equal((await old(version).balance.retrieve()).lastResponse.headers['stripe-version'], version);
  for (const version of ['2022-11-16', '2025-04-30.acacia', '2099-01-01.zinnia', 'latest']) {
    const wrong = await refusal(old(version).balance.retrieve());
    assert.deepEqual([wrong.statusCode, wrong.message], [400, `Invalid Stripe API version: ${version}`]);
  }
});

test('money is passed on to accounts that are ready, comes back at most once, and every book agrees', async () => {
  await put([]);
  const bare = await stripe.accounts.create({ type: 'custom', country: 'US', capabilities: { transfers: { requested: true } } });
  assert.equal(bare.payouts_enabled, false);
  assert.ok(bare.requirements?.currently_due?.includes('external_account'));
  const refused = await refusal(stripe.transfers.create({ amount: 100, currency: 'usd', destination: bare.id }));
  assert.equal(refused.code, 'insufficient_capabilities_for_transfer');
  const { type: _, country: __, ...rest } = readyAccount;
  const seller = await stripe.accounts.update(bare.id, rest as Stripe.AccountUpdateParams);
  assert.deepEqual([seller.payouts_enabled, seller.requirements?.currently_due, seller.capabilities?.transfers], [true, [], 'active']);
  assert.equal((seller.external_accounts?.data[0] as Stripe.BankAccount).last4, '6789');
  const has = async (currency: string) =>
    (await stripe.balance.retrieve({}, { stripeAccount: seller.id })).available.find((each) => each.currency === currency)?.amount ?? 0;
  const own = async (currency: string) => {
    const { available, pending } = await stripe.balance.retrieve();
    return [...available, ...pending].filter((each) => each.currency === currency).reduce((sum, { amount }) => sum + amount, 0);
  };
  const poor = await refusal(stripe.transfers.create({ amount: 100, currency: 'nok', destination: seller.id }));
  assert.equal(poor.code, 'balance_insufficient');
  const paid = { amount: 10_000, currency: 'nok', confirm: true, payment_method: 'pm_card_bypassPending' } as const;
  const passed = await stripe.paymentIntents.create({ ...paid, application_fee_amount: 1200, transfer_data: { destination: seller.id } });
  const charge = await stripe.charges.retrieve(String(passed.latest_charge), { expand: ['transfer', 'application_fee'] });
  assert.equal((charge.transfer as Stripe.Transfer).amount, 10_000);
  assert.equal((charge.application_fee as Stripe.ApplicationFee).amount, 1200);
  assert.deepEqual([await has('nok'), await own('nok')], [8800, 1200]);
  const back = () => stripe.refunds.create({ payment_intent: passed.id, amount: 4000, reverse_transfer: true });
  const racing = await Promise.allSettled(Array.from({ length: 6 }, back));
  assert.equal(racing.filter(({ status }) => status === 'fulfilled').length, 2);
  assert.deepEqual([await has('nok'), await own('nok')], [800, 1200]);
  const sent = await stripe.transfers.create({ amount: 1000, currency: 'nok', destination: seller.id, metadata: { for: 'march' } });
  const backs = await Promise.allSettled(Array.from({ length: 4 }, () => stripe.transfers.createReversal(sent.id, { amount: 400 })));
  assert.equal(backs.filter(({ status }) => status === 'fulfilled').length, 2);
  const [reversal] = (await stripe.transfers.listReversals(sent.id)).data;
  const named = await stripe.transfers.updateReversal(sent.id, String(reversal?.id), { metadata: { why: 'late' } });
  assert.equal(named.metadata?.why, 'late');
  const after = await stripe.transfers.retrieve(sent.id);
  assert.deepEqual([after.amount_reversed, after.reversed, after.reversals.data.length], [800, false, 2]);
  assert.deepEqual([await has('nok'), await own('nok')], [1000, 1000]);
  let statement = 0;
  for await (const line of stripe.balanceTransactions.list({ currency: 'nok', limit: 100 })) statement += line.net;
  assert.equal(statement, 1000);
  assert.equal((await refusal(stripe.accounts.del(seller.id))).statusCode, 400);
  assert.equal((await stripe.accounts.del((await stripe.accounts.create({ type: 'custom' })).id)).deleted, true);
  assert.equal((await refusal(stripe.charges.list({}, { stripeAccount: seller.id }))).statusCode, 403);
  assert.equal((await refusal(stripe.paymentIntents.create({ ...paid, application_fee_amount: 5 }))).param, 'application_fee_amount');
});

test('a card that is typed in with its payment is kept for the customer where it is to be used again', async () => {
  const customer = await stripe.customers.create();
  const given = { amount: 500, currency: 'usd', confirm: true, customer: customer.id, return_url: 'https://example.com/back' } as const;
  const card = { type: 'card', card: { number: '4242424242424242', exp_month: 12, exp_year: 2039, cvc: '123' } } as const;
  const kept = await stripe.paymentIntents.create({ ...given, payment_method_data: card as never, setup_future_usage: 'off_session' });
  const [own] = (await stripe.customers.listPaymentMethods(customer.id)).data;
  assert.deepEqual([kept.status, kept.payment_method, own?.card?.exp_year], ['succeeded', own?.id, 2039]);
  const once = await stripe.paymentIntents.create({ ...given, payment_method_data: card as never });
  assert.equal((await stripe.paymentMethods.retrieve(String(once.payment_method))).customer, null);
  assert.equal((await stripe.customers.listPaymentMethods(customer.id)).data.length, 1);
  const later = await stripe.paymentIntents.create({ ...given, payment_method: String(own?.id), off_session: true });
  assert.deepEqual([later.status, later.payment_method], ['succeeded', own?.id]);
  const types = ['payment_intent.created', 'payment_method.attached', 'payment_intent.succeeded'];
  const told = (await stripe.events.list({ types, limit: 7 })).data.map(({ type }) => type).toReversed();
  const made = ['payment_intent.created', 'payment_intent.succeeded'];
  assert.deepEqual(told, [...types, ...made, ...made]);
});
