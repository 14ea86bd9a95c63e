import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
});
after(() => house?.stop());

const refusal = async (asked: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error, 'it was not refused');
  return error as Stripe.errors.StripeError;
};

test('a customer is made, read, changed, listed by its e-mail and deleted', async () => {
  const made = await stripe.customers.create({ email: 'Jenny@Example.com', name: 'Jenny Rosen', metadata: { order: '6735' } });
  assert.match(made.id, /^cus_/);
  assert.equal(made.livemode, false);
  const changed = await stripe.customers.update(made.id, {
    name: '',
    metadata: { order: '', rank: '1' },
    address: { city: 'Oslo', country: 'NO' },
  });
  assert.equal(changed.name, null);
  assert.deepEqual(changed.metadata, { rank: '1' });
  assert.equal(changed.address?.city, 'Oslo');
  const listed = await stripe.customers.list({ email: 'jenny@example.com' });
  assert.deepEqual(
    listed.data.map(({ id }) => id),
    [made.id],
  );
  assert.equal((await stripe.customers.search({ query: 'metadata["rank"]:"1"' })).data[0]?.id, made.id);
  assert.deepEqual(await stripe.customers.del(made.id).then(({ id, deleted }) => ({ id, deleted })), { id: made.id, deleted: true });
  assert.equal((await stripe.customers.retrieve(made.id)).deleted, true);
  assert.equal((await stripe.customers.list({ email: 'jenny@example.com' })).data.length, 0);
});

test('a payment is confirmed, and its charge, line of the statement and events are there', async () => {
  const intent = await stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://example.com/back',
    metadata: { order: '1' },
    expand: ['latest_charge.balance_transaction', 'payment_method'],
  });
  assert.equal(intent.status, 'succeeded');
  assert.equal(intent.amount_received, 2000);
  const charge = intent.latest_charge as Stripe.Charge;
  assert.equal(charge.payment_method_details?.card?.last4, '4242');
  assert.equal((charge.balance_transaction as Stripe.BalanceTransaction).net, 2000);
  assert.equal((intent.payment_method as Stripe.PaymentMethod).card?.brand, 'visa');
  const balance = await stripe.balance.retrieve();
  assert.equal(balance.pending.find(({ currency }) => currency === 'usd')?.amount, 2000);
  const events = await stripe.events.list({ types: ['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded'] });
  assert.deepEqual(
    events.data.map(({ type }) => type),
    ['payment_intent.succeeded', 'charge.succeeded', 'payment_intent.created'],
  );
});

test('money is held first and taken in part, and the rest is free again', async () => {
  const held = await stripe.paymentIntents.create({
    ...{ amount: 1000, currency: 'eur', capture_method: 'manual', confirm: true, payment_method: 'pm_card_mastercard' },
  });
  assert.equal(held.status, 'requires_capture');
  assert.equal(held.amount_capturable, 1000);
  const more = await stripe.paymentIntents.incrementAuthorization(held.id, { amount: 1500 });
  assert.equal(more.amount_capturable, 1500);
  const tooMuch = await refusal(stripe.paymentIntents.capture(held.id, { amount_to_capture: 1501 }));
  assert.equal(tooMuch.code, 'amount_too_large');
  const taken = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1200, expand: ['latest_charge'] });
  assert.equal(taken.status, 'succeeded');
  assert.equal(taken.amount_received, 1200);
  assert.equal((taken.latest_charge as Stripe.Charge).amount_refunded, 300);
  assert.equal((await refusal(stripe.paymentIntents.capture(held.id))).code, 'payment_intent_unexpected_state');
  const balance = await stripe.balance.retrieve();
  assert.equal(balance.pending.find(({ currency }) => currency === 'eur')?.amount, 1200);
});

test('a payment that is held is called off, and nothing is taken', async () => {
  const held = await stripe.paymentIntents.create({
    ...{ amount: 700, currency: 'gbp', capture_method: 'manual', confirm: true, payment_method: 'pm_card_visa' },
  });
  const gone = await stripe.paymentIntents.cancel(held.id, { cancellation_reason: 'requested_by_customer' });
  assert.equal(gone.status, 'canceled');
  assert.equal((await refusal(stripe.paymentIntents.capture(held.id))).code, 'payment_intent_unexpected_state');
  const lookup = await stripe.balance.retrieve();
  assert.equal(lookup.pending.find(({ currency }) => currency === 'gbp')?.amount ?? 0, 0);
});

test('declines are told with their codes, and the payment may be tried with another card', async () => {
  const cases = [
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
  ] as const;
  for (const [payment_method, code, decline] of cases) {
    const error = await refusal(stripe.paymentIntents.create({ amount: 500, currency: 'usd', confirm: true, payment_method }));
    assert.equal(error.type, 'StripeCardError');
    assert.equal(error.statusCode, 402);
    assert.equal(error.code, code);
    assert.equal(error.decline_code, decline);
    assert.equal(error.payment_intent?.status, 'requires_payment_method');
    assert.equal(error.payment_intent?.last_payment_error?.code, code);
    const card = String(error.payment_intent?.last_payment_error?.payment_method?.id);
    assert.equal((await stripe.paymentMethods.retrieve(card)).customer, null);
    const again = await stripe.paymentIntents.confirm(error.payment_intent?.id ?? '', { payment_method: 'pm_card_visa' });
    assert.equal(again.status, 'succeeded');
  }
});

test('a card that wants its holder to prove it is charged once they did, on a page without a key', async () => {
  const back = 'https://example.com/back?order=7';
  const asked = (payment_method: string, more: object = {}) =>
    stripe.paymentIntents.create({ amount: 500, currency: 'usd', confirm: true, payment_method, return_url: back, ...more });
  const answer = (url: string, outcome: string) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ outcome }) });
  const pageOf = (intent: Stripe.PaymentIntent | Stripe.SetupIntent) => String(intent.next_action?.redirect_to_url?.url);

  const intent = await asked('pm_card_threeDSecure2Required');
  assert.equal(intent.status, 'requires_action');
  assert.equal(intent.next_action?.redirect_to_url?.return_url, back);
  const shown = await fetch(pageOf(intent));
  assert.match(await shown.text(), /5\.00 usd/);
  assert.equal(shown.headers.get('referrer-policy'), 'no-referrer');
  const sent = await answer(pageOf(intent), 'authenticated');
  assert.equal(sent.status, 303);
  const to = new URL(String(sent.headers.get('location')));
  assert.deepEqual(
    ['order', 'payment_intent', 'payment_intent_client_secret', 'redirect_status'].map((name) => to.searchParams.get(name)),
    ['7', intent.id, intent.client_secret, 'succeeded'],
  );
  const paid = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
  assert.equal(paid.status, 'succeeded');
  assert.equal((paid.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure?.result, 'authenticated');
  assert.match(await (await answer(pageOf(intent), 'authenticated')).text(), /complete/);

  const failing = await asked('pm_card_threeDSecure2Required');
  const failed = await answer(pageOf(failing), 'failed');
  assert.match(String(failed.headers.get('location')), /redirect_status=failed/);
  const after = await stripe.paymentIntents.retrieve(failing.id);
  assert.equal(after.status, 'requires_payment_method');
  assert.equal(after.last_payment_error?.code, 'payment_intent_authentication_failure');
  assert.equal((await stripe.paymentIntents.confirm(failing.id, { payment_method: 'pm_card_visa' })).status, 'succeeded');

  const poor = await asked('pm_card_authenticationRequiredChargeDeclinedInsufficientFunds');
  assert.match(String((await answer(pageOf(poor), 'authenticated')).headers.get('location')), /redirect_status=failed/);
  assert.equal((await stripe.paymentIntents.retrieve(poor.id)).last_payment_error?.decline_code, 'insufficient_funds');

  const manual = await asked('pm_card_threeDSecure2Required', { confirmation_method: 'manual' });
  await answer(pageOf(manual), 'authenticated');
  assert.equal((await stripe.paymentIntents.retrieve(manual.id)).status, 'requires_confirmation');
  assert.equal((await stripe.paymentIntents.confirm(manual.id)).status, 'succeeded');

  const customer = await stripe.customers.create();
  const given = { customer: customer.id, confirm: true, payment_method: 'pm_card_authenticationRequired', return_url: back };
  const setup = await stripe.setupIntents.create(given);
  assert.equal(setup.status, 'requires_action');
  await answer(pageOf(setup), 'authenticated');
  const ready = await stripe.setupIntents.retrieve(setup.id);
  assert.equal(ready.status, 'succeeded');
  const later = await asked(String(ready.payment_method), { customer: customer.id, off_session: true });
  assert.equal(later.status, 'succeeded');
});

test('the page of a challenge tells nothing without the secret, and sends a browser nowhere unsafe', async () => {
  const given = { amount: 500, currency: 'usd', confirm: true, payment_method: 'pm_card_threeDSecure2Required' };
  const intent = await stripe.paymentIntents.create({ ...given, return_url: 'myapp://done' });
  const url = new URL(String(intent.next_action?.redirect_to_url?.url));
  const wrong = [
    url.href.replace(/client_secret=.*/, 'client_secret=wrong'),
    url.href.replace(/\?.*/, ''),
    url.href.replace(/3d_secure\/.{13}/, '3d_secure/0000000000000'),
    url.href.replace(intent.id, 'pi_none'),
  ];
  for (const each of wrong)
    for (const method of ['GET', 'POST']) {
      const reply = await fetch(each, { method, ...(method === 'POST' ? { body: 'outcome=authenticated' } : {}) });
      assert.ok([401, 403, 404].includes(reply.status), `${method} ${each}: ${reply.status}`);
    }
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, 'requires_action');
  for (const return_url of ['javascript:alert(1)', 'data:text/html,x', 'nowhere'])
    assert.equal((await refusal(stripe.paymentIntents.create({ ...given, return_url }))).code, 'url_invalid');
  const away = await refusal(
    stripe.paymentIntents.create({ ...given, off_session: true, payment_method: 'pm_card_authenticationRequired' }),
  );
  assert.equal(away.code, 'authentication_required');
});

test('a typed card is kept by its last digits and a keyed fingerprint', async () => {
  const card = { number: '5555 5555 5555 4444', exp_month: 12, exp_year: new Date().getUTCFullYear() + 2, cvc: '123' };
  const [one, two] = await Promise.all([1, 2].map(() => stripe.paymentMethods.create({ type: 'card', card })));
  assert.equal(one?.card?.last4, '4444');
  assert.equal(one?.card?.fingerprint, two?.card?.fingerprint);
  const customer = await stripe.customers.create();
  const attached = await stripe.paymentMethods.attach(one?.id ?? '', { customer: customer.id });
  assert.equal(attached.customer, customer.id);
  const kept = await stripe.customers.listPaymentMethods(customer.id);
  assert.deepEqual(
    kept.data.map(({ id }) => id),
    [one?.id],
  );
  assert.equal((await stripe.paymentMethods.detach(one?.id ?? '')).customer, null);
  const wrong = await refusal(stripe.paymentMethods.create({ type: 'card', card: { ...card, number: '4242424242424241' } }));
  assert.equal(wrong.code, 'incorrect_number');
  assert.equal(wrong.statusCode, 402);
});

test('refunds give back no more than was taken, however many are asked at once', async () => {
  const intent = await stripe.paymentIntents.create({ amount: 1000, currency: 'chf', confirm: true, payment_method: 'pm_card_visa' });
  const asked = await Promise.allSettled(
    Array.from({ length: 50 }, () => stripe.refunds.create({ payment_intent: intent.id, amount: 60 })),
  );
  const made = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  assert.equal(made.length, 16);
  for (const each of asked) if (each.status === 'rejected') assert.equal(each.reason.statusCode, 400);
  const last = await stripe.refunds.create({ charge: String(intent.latest_charge), reason: 'requested_by_customer' });
  assert.equal(last.amount, 40);
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: intent.id }))).code, 'charge_already_refunded');
  const charge = await stripe.charges.retrieve(String(intent.latest_charge), { expand: ['refunds'] });
  assert.equal(charge.amount_refunded, 1000);
  assert.equal(charge.refunded, true);
  assert.equal(charge.refunds?.data.length, 10);
  const lines = await stripe.balanceTransactions.list({ currency: 'chf', limit: 100 });
  assert.equal(
    lines.data.reduce((sum, { net }) => sum + net, 0),
    0,
  );
});

test('one key is one payment, another body under it is refused, and a decline is replayed', async () => {
  const body = { amount: 900, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' } as const;
  const asked = await Promise.allSettled(Array.from({ length: 100 }, () => stripe.paymentIntents.create(body, { idempotencyKey: 'one' })));
  const ids = new Set(asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : [])));
  assert.equal(ids.size, 1);
  for (const each of asked) if (each.status === 'rejected') assert.equal(each.reason.statusCode, 409);
  const replayed = await stripe.paymentIntents.create(body, { idempotencyKey: 'one' });
  assert.equal(replayed.lastResponse.headers['idempotent-replayed'], 'true');
  const other = await refusal(stripe.paymentIntents.create({ ...body, amount: 901 }, { idempotencyKey: 'one' }));
  assert.equal(other.type, 'StripeIdempotencyError');
  const bad = { ...body, payment_method: 'pm_card_chargeDeclined' };
  const [first, second] = [
    await refusal(stripe.paymentIntents.create(bad, { idempotencyKey: 'two' })),
    await refusal(stripe.paymentIntents.create(bad, { idempotencyKey: 'two' })),
  ];
  assert.equal(second.payment_intent?.id, first.payment_intent?.id);
  assert.equal(second.charge, first.charge);
});

test('what cannot be taken is refused with the parameter', async () => {
  const post = async (path: string, body: string, key = house.faces.stripe.secretKey) => {
    const reply = await fetch(`http://${house.at.host}:${house.at.port}${path}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
    return {
      status: reply.status,
      id: reply.headers.get('request-id'),
      error: ((await reply.json()) as { error: Record<string, string> }).error,
    };
  };
  const cases = [
    ['amount=100.5&currency=jpy', 'amount', 'parameter_invalid_integer'],
    ['amount=-5&currency=usd', 'amount', 'parameter_invalid'],
    ['amount=1e21&currency=usd', 'amount', 'parameter_invalid_integer'],
    ['amount=999999999999&currency=usd', 'amount', 'amount_too_large'],
    ['amount=10&currency=usd', 'amount', 'amount_too_small'],
    ['amount=100&currency=zzz', 'currency', 'parameter_invalid'],
    ['amount=100', 'currency', 'parameter_missing'],
    ['amount=100&currency=usd&colour=red', 'colour', 'parameter_unknown'],
    ['amount=100&currency=usd&customer=cus_none', 'customer', 'resource_missing'],
    [`amount=100&currency=usd&metadata[${'k'.repeat(41)}]=v`, undefined, 'parameter_invalid'],
  ] as const;
  for (const [body, param, code] of cases) {
    const { status, id, error } = await post('/v1/payment_intents', body);
    assert.ok(status === 400 || status === 404, `${body}: ${status}`);
    assert.equal(error.code, code, `${body}: ${JSON.stringify(error)}`);
    if (param) assert.equal(error.param, param);
    assert.match(id ?? '', /^req_/);
  }
  const bomb = await post('/v1/payment_intents', `a${'[b]'.repeat(2000)}=1`);
  assert.equal(bomb.status, 400);
  assert.equal((await post('/v1/payment_intents', '__proto__[amount]=5&amount=100&currency=usd')).status, 400);
  assert.equal((await post('/v1/nonsense', '')).status, 404);
  for (const path of ['/v1/customers/%', '/v1/customers/%00', '/v1/customers/%E2%82%AC']) {
    const { status } = await post(path, '');
    assert.ok(status === 400 || status === 404, `${path}: ${status}`);
  }
  for (const query of ['status>5', 'amount>"x"', 'colour:"red"', 'amount>1 AND status:"x" OR amount:1', 'amount', ''])
    assert.equal((await refusal(stripe.paymentIntents.search({ query }))).statusCode, 400, query);
  assert.equal((await stripe.events.list({ type: 'payment\\' })).data.length, 0);
  assert.ok((await stripe.events.list({ type: 'payment_intent.*' })).data.length > 0);
  assert.equal((await post('/v1/payment_intents', '', 'sk_test_nonsense')).status, 401);
});

test('keys are of one environment and one kind', async () => {
  const [live, reader] = await Promise.all([
    house.credential({ environment: 'live' }),
    house.credential({ environment: 'test', role: 'reader' }),
  ]);
  assert.match(live.stripe.secretKey, /^sk_live_/);
  assert.match(reader.stripe.secretKey, /^rk_test_/);
  const refusedCard = await refusal(
    house.stripe(live.stripe.secretKey).paymentIntents.create({ amount: 500, currency: 'usd', payment_method: 'pm_card_visa' }),
  );
  assert.equal(refusedCard.code, 'resource_missing');
  const restricted = house.stripe(reader.stripe.secretKey);
  assert.equal((await restricted.customers.list({ limit: 1 })).object, 'list');
  assert.equal((await refusal(restricted.customers.create())).statusCode, 403);
  const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', payment_method: 'pm_card_visa' });
  const page = house.stripe(house.faces.stripe.publishableKey);
  const seen = await page.paymentIntents.retrieve(intent.id, { client_secret: String(intent.client_secret) });
  assert.equal(seen.id, intent.id);
  assert.equal((await refusal(page.paymentIntents.retrieve(intent.id))).statusCode, 404);
  assert.equal((await refusal(page.customers.list())).statusCode, 403);
  const swapped = house.faces.stripe.secretKey.replace('sk_test_', 'sk_live_');
  assert.equal((await refusal(house.stripe(swapped).balance.retrieve())).statusCode, 401);

  // No connected account is here to speak for, on a connection that was served before either.
  await stripe.balance.retrieve();
  assert.equal((await refusal(stripe.balance.retrieve({}, { stripeAccount: 'acct_1' }))).statusCode, 403);
});

test('lists go on where the page before ended', async () => {
  const customer = await stripe.customers.create();
  const made = [];
  for (let count = 0; count < 5; count += 1)
    made.push((await stripe.paymentIntents.create({ amount: 100 + count, currency: 'usd', customer: customer.id })).id);
  const seen: string[] = [];
  for await (const intent of stripe.paymentIntents.list({ customer: customer.id, limit: 2 })) seen.push(intent.id);
  assert.deepEqual(seen, made.toReversed());
  const before = await stripe.paymentIntents.list({ customer: customer.id, ending_before: made[2] ?? '', limit: 1 });
  assert.deepEqual(
    before.data.map(({ id }) => id),
    [made[3]],
  );
});

test('who paid is exported and erased; what was paid stays, and names nobody', async () => {
  const email = 'Ina.Erased@Example.com';
  const { bearer } = await house.credential({ environment: 'test', role: 'owner' });
  const customer = await stripe.customers.create({ email, name: 'Ina Erased', metadata: { note: 'x' } });
  const other = await stripe.customers.create({ email: 'somebody.else@example.com' });
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
  const paid = { amount: 700, currency: 'usd', confirm: true, return_url: 'https://example.com/back' };
  const intent = await stripe.paymentIntents.create({ ...paid, customer: customer.id, payment_method: method.id, receipt_email: email });
  const alone = await stripe.paymentIntents.create({ ...paid, payment_method: 'pm_card_visa', receipt_email: email.toLowerCase() });
  const ask = (operation: string) =>
    fetch(`${house.platform.doors['payments.rest']?.url}/v1/payments/data-subjects/-/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ subject: email.toLowerCase() }),
    });
  const exported = async () =>
    (await (await ask('export-data-subject')).text())
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { kind: string; name: string; data: { email?: string } }]));
  const lines = await exported();
  const named = (kind: string) => lines.filter((line) => line.kind === kind).map(({ name }) => name);
  assert.deepEqual(named('customer'), [customer.id]);
  assert.deepEqual(named('payment_method'), [method.id]);
  assert.deepEqual(named('payment_intent').sort(), [intent.id, alone.id].sort());
  assert.ok(named('charge').includes(String(intent.latest_charge)) && named('event').length > 0);
  const erased = (await (await ask('erase-data-subject')).json()) as { erased: number; kept: { kind: string; name: string }[] };
  assert.ok(erased.erased >= 3 && erased.kept.some(({ name }) => name === intent.id), JSON.stringify(erased));
  const left = await exported();
  assert.deepEqual(left, []);
  assert.equal((await stripe.customers.retrieve(customer.id)).deleted, true);
  const after = await stripe.paymentIntents.retrieve(intent.id);
  assert.deepEqual([after.amount_received, after.receipt_email, after.status], [700, null, 'succeeded']);
  const charge = await stripe.charges.retrieve(String(intent.latest_charge));
  assert.deepEqual([charge.amount, charge.receipt_email], [700, null]);
  assert.equal((await stripe.refunds.create({ payment_intent: intent.id })).status, 'succeeded');
  assert.equal(((await stripe.customers.retrieve(other.id)) as Stripe.Customer).email, 'somebody.else@example.com');
});
