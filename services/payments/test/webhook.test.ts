import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';

type Told = { readonly body: string; readonly signature: string };

const told: Told[] = [];
/** How many deliveries are refused before one is taken. */
let refusing = 0;
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const isRefused = refusing > 0;
    if (isRefused) refusing -= 1;
    else told.push({ body: Buffer.concat(chunks).toString(), signature: String(request.headers['stripe-signature']) });
    response.writeHead(isRefused ? 503 : 200).end();
  });
});

let house: House;
let stripe: Stripe;
let url = '';
before(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/hook`;
  house = await openHouse({ settings: { outbound: [`127.0.0.1:${port}`] } });
  stripe = house.stripe();
});
after(async () => {
  await house?.stop();
  receiver.close();
});

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error('it did not come');
}

const refusal = async (asked: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error, 'it was not refused');
  return error as Stripe.errors.StripeError;
};

test('an endpoint that names a version is told in it', async () => {
  const wanted = { url, enabled_events: ['payment_intent.created' as const], api_version: '2020-08-27' as const };
  assert.equal(
    (await refusal(stripe.webhookEndpoints.create({ ...wanted, api_version: '2020-08-28' as '2020-08-27' }))).param,
    'api_version',
  );
  const endpoint = await stripe.webhookEndpoints.create(wanted);
  const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd' });
  const { body } = await until(() => told.find((each) => each.body.includes(intent.id)));
  const event = JSON.parse(body) as { api_version: string; data: { object: { charges?: { data: unknown[] } } } };
  assert.deepEqual([event.api_version, event.data.object.charges?.data], ['2020-08-27', []]);
  await stripe.webhookEndpoints.del(endpoint.id);
  told.length = 0;
});

test('an endpoint is told of the events that it wants, signed, and again until it takes them', async () => {
  const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ['customer.created', 'payment_intent.succeeded'] });
  assert.match(endpoint.secret ?? '', /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);
  refusing = 1;
  const customer = await stripe.customers.create({ email: 'told@example.com' });
  await stripe.customers.update(customer.id, { name: 'Told' });
  const first = await until(() => told[0]);
  const event = stripe.webhooks.constructEvent(first.body, first.signature, endpoint.secret ?? '');
  assert.equal(event.type, 'customer.created');
  assert.equal((event.data.object as Stripe.Customer).email, 'told@example.com');
  assert.throws(() => stripe.webhooks.constructEvent(first.body.replace('told@', 'else@'), first.signature, endpoint.secret ?? ''));
  await until(async () => ((await stripe.events.retrieve(event.id)).pending_webhooks === 0 ? true : undefined));
  const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' });
  const second = await until(() => told.find(({ body }) => body.includes(intent.id)));
  assert.equal(stripe.webhooks.constructEvent(second.body, second.signature, endpoint.secret ?? '').type, 'payment_intent.succeeded');
  assert.deepEqual(
    told.map(({ body }) => (JSON.parse(body) as Stripe.Event).type),
    ['customer.created', 'payment_intent.succeeded'],
  );
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true });
  assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).status, 'disabled');
  assert.equal((await stripe.webhookEndpoints.del(endpoint.id)).deleted, true);
  assert.equal((await stripe.webhookEndpoints.list()).data.length, 0);
});

test('a card that was set up pays while its holder is away', async () => {
  const customer = await stripe.customers.create();
  const setup = await stripe.setupIntents.create({
    ...{ customer: customer.id, confirm: true, payment_method: 'pm_card_visa', return_url: 'https://example.com/back' },
    mandate_data: { customer_acceptance: { type: 'online', online: { ip_address: '127.0.0.1', user_agent: 'test' } } },
  });
  assert.equal(setup.status, 'succeeded');
  const mandate = await stripe.mandates.retrieve(String(setup.mandate));
  assert.equal(mandate.payment_method, setup.payment_method);
  assert.equal(mandate.customer_acceptance.online?.user_agent, 'test');
  const paid = await stripe.paymentIntents.create({
    ...{
      amount: 900,
      currency: 'usd',
      customer: customer.id,
      payment_method: String(setup.payment_method),
      off_session: true,
      confirm: true,
    },
  });
  assert.equal(paid.status, 'succeeded');
  const refused = await refusal(stripe.setupIntents.create({ confirm: true, payment_method: 'pm_card_chargeDeclined' }));
  assert.equal(refused.statusCode, 402);
  assert.equal(refused.setup_intent?.last_setup_error?.decline_code, 'generic_decline');
  const waiting = await stripe.setupIntents.create({
    confirm: true,
    payment_method: 'pm_card_threeDSecure2Required',
    return_url: 'https://example.com',
  });
  assert.equal(waiting.status, 'requires_action');
  assert.equal((await stripe.setupIntents.cancel(waiting.id)).status, 'canceled');
});

test('a token pays once, and a confirmation token brings what a buyer chose', async () => {
  const card = { number: '4242424242424242', exp_month: 12, exp_year: new Date().getUTCFullYear() + 2, cvc: '123', name: 'Jenny Rosen' };
  const token = await stripe.tokens.create({ card: card as unknown as Stripe.TokenCreateParams.Card });
  assert.equal(token.card?.last4, '4242');
  const method = await stripe.paymentMethods.create({ type: 'card', card: { token: token.id } });
  assert.equal(method.card?.brand, 'visa');
  assert.equal((await refusal(stripe.paymentMethods.create({ type: 'card', card: { token: token.id } }))).code, 'token_already_used');
  assert.equal((await stripe.tokens.retrieve(token.id)).used, true);
  const chosen = await stripe.testHelpers.confirmationTokens.create({
    ...{ payment_method: 'pm_card_mastercard', shipping: { name: 'Jenny', address: { line1: 'Main Street 1', city: 'Oslo' } } },
  });
  assert.equal(chosen.payment_method_preview?.card?.brand, 'mastercard');
  const paid = await stripe.paymentIntents.create({ amount: 700, currency: 'usd', confirm: true, confirmation_token: chosen.id });
  assert.equal(paid.status, 'succeeded');
  assert.equal(paid.shipping?.address?.city, 'Oslo');
  assert.equal((await stripe.confirmationTokens.retrieve(chosen.id)).payment_intent, paid.id);
  assert.equal(
    (await refusal(stripe.paymentIntents.create({ amount: 700, currency: 'usd', confirm: true, confirmation_token: chosen.id })))
      .statusCode,
    400,
  );
});

test('a dispute takes the money until it is decided, and nothing of it is refunded meanwhile', async () => {
  const total = async () =>
    (await stripe.balanceTransactions.list({ currency: 'dkk', limit: 100 })).data.reduce((sum, { net }) => sum + net, 0);
  const balance = async () => {
    const { available, pending } = await stripe.balance.retrieve();
    return [...available, ...pending].filter(({ currency }) => currency === 'dkk').reduce((sum, { amount }) => sum + amount, 0);
  };
  const contested = async () => {
    const intent = await stripe.paymentIntents.create({
      amount: 3000,
      currency: 'dkk',
      confirm: true,
      payment_method: 'pm_card_createDispute',
    });
    const [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data;
    assert.equal(dispute?.status, 'needs_response');
    return { intent, dispute: dispute as Stripe.Dispute };
  };
  const { intent, dispute } = await contested();
  assert.equal((await stripe.charges.retrieve(String(intent.latest_charge))).disputed, true);
  assert.deepEqual([await total(), await balance()], [0, 0]);
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: intent.id }))).statusCode, 400);
  const draft = await stripe.disputes.update(dispute.id, { evidence: { customer_name: 'Jenny' }, submit: false });
  assert.equal(draft.status, 'needs_response');
  assert.equal(draft.evidence_details.has_evidence, true);
  const won = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } });
  assert.equal(won.status, 'won');
  assert.equal(won.evidence.customer_name, 'Jenny');
  assert.equal(won.balance_transactions.length, 2);
  assert.deepEqual([await total(), await balance()], [3000, 3000]);
  assert.equal((await stripe.refunds.create({ payment_intent: intent.id, amount: 1000 })).status, 'succeeded');
  const other = await contested();
  assert.equal((await stripe.disputes.close(other.dispute.id)).status, 'lost');
  assert.equal((await refusal(stripe.disputes.close(other.dispute.id))).statusCode, 400);
  assert.deepEqual([await total(), await balance()], [2000, 2000]);
  const asked = await stripe.paymentIntents.create({
    amount: 500,
    currency: 'dkk',
    confirm: true,
    payment_method: 'pm_card_createDisputeInquiry',
  });
  assert.equal((await stripe.disputes.list({ payment_intent: asked.id })).data[0]?.status, 'warning_needs_response');
  assert.deepEqual([await total(), await balance()], [2500, 2500]);
});
