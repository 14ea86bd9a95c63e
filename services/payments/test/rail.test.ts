import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { openLedger } from '#seams/ledger/ledger.ts';
import { transferId } from '#seams/ledger/step.ts';
import { transferFlag } from '#wire/tigerbeetle/record.ts';
import { answered } from './fixtures/answered.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { until } from './fixtures/until.ts';

type Message = { readonly mti: string; readonly fields: Readonly<Record<string, string>> };
type Network = { readonly messages: readonly Message[]; readonly books: Readonly<Record<string, number>> };

let house: House;
let stripe: Stripe;
let bearer = '';
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: false });
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

const pidOf = (name: string): number => {
  const pid = house.platform.status().processes.find((process) => process.name === name)?.pid;
  assert.ok(typeof pid === 'number', `there is no process ${name}`);
  return pid;
};

async function put(conditions: object): Promise<void> {
  const path = '/v1/payments/card-networks/-/put-card-network';
  const reply = await house.call('POST', path, conditions, { door: 'payments.rest', bearer });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
}

async function network(): Promise<Network> {
  const reply = await house.call('GET', '/v1/payments/card-networks', undefined, { door: 'payments.rest', bearer });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply.body as unknown as Network;
}

/** What the statement says was taken of a currency, and not given back. */
async function statement(currency: string): Promise<number> {
  let sum = 0;
  for await (const line of stripe.balanceTransactions.list({ currency, limit: 100 })) sum += line.net;
  return sum;
}

const held = { capture_method: 'manual', confirm: true } as const;

test('a payment is a message to the network of its card, and so is all that becomes of it', async () => {
  const bought = await stripe.paymentIntents.create({ amount: 900, currency: 'eur', confirm: true, payment_method: 'pm_card_mastercard' });
  await stripe.refunds.create({ payment_intent: bought.id, amount: 300 });
  const part = await stripe.paymentIntents.create({ ...held, amount: 1000, currency: 'eur', payment_method: 'pm_card_amex' });
  await stripe.paymentIntents.incrementAuthorization(part.id, { amount: 1500 });
  await stripe.paymentIntents.capture(part.id, { amount_to_capture: 700 });
  const free = await stripe.paymentIntents.create({ ...held, amount: 400, currency: 'eur', payment_method: 'pm_card_visa' });
  await stripe.paymentIntents.cancel(free.id);
  const poor = await refusal(
    stripe.paymentIntents.create({
      ...{ amount: 500, currency: 'eur', confirm: true, payment_method: 'pm_card_chargeDeclinedInsufficientFunds' },
    }),
  );
  assert.equal(poor.decline_code, 'insufficient_funds');
  const { messages } = await until(network, ({ books }) => books.EUR === 600 + 700);
  const types = new Set(messages.map(({ mti }) => mti));
  for (const mti of ['0200', '0210', '0100', '0110', '0220', '0230', '0420', '0430']) assert.ok(types.has(mti), `there was no ${mti}`);
  assert.ok(messages.some(({ mti, fields }) => mti === '0210' && fields['39'] === '51'));
  assert.ok(messages.every(({ fields }) => fields['2'] === undefined || fields['2'].length >= 14));
  assert.ok(!JSON.stringify(messages).includes('378282246310005'));
  assert.equal(await statement('eur'), 1300);
});

test('a card at the terminal proves itself by its chip, and its holder by a PIN that nobody else sees', async () => {
  const begun = (more: object = {}) =>
    stripe.paymentIntents.create({ amount: 1100, currency: 'dkk', ...{ payment_method_types: ['card_present'] }, ...more });
  const present = async (id: string, given: object) => {
    const reply = await house.call('POST', `/v1/payments/payment-intents/${id}/present-card`, given, { door: 'payments.rest', bearer });
    return reply.body as unknown as Stripe.PaymentIntent & { error?: object };
  };
  const paid = await begun();
  assert.equal((await present(paid.id, { card: 'mastercard', pin: '1234' })).status, 'succeeded');
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(paid.id, { expand: ['latest_charge'] });
  const details = (charge as Stripe.Charge).payment_method_details?.card_present;
  assert.deepEqual([details?.read_method, details?.last4], ['contact_emv', '4444']);
  assert.deepEqual(
    [
      details?.receipt?.dedicated_file_name,
      details?.receipt?.cardholder_verification_method,
      details?.receipt?.authorization_response_code,
    ],
    ['A0000000041010', 'online_pin', '00'],
  );
  assert.match(details?.receipt?.application_cryptogram ?? '', /^[0-9A-F]{16}$/);
  const held = await begun({ capture_method: 'manual' });
  assert.equal((await present(held.id, { card: 'visa', entry: 'contactless', pin: '1234' })).status, 'requires_capture');
  assert.equal((await stripe.paymentIntents.capture(held.id, { amount_to_capture: 500 })).status, 'succeeded');
  await stripe.refunds.create({ payment_intent: paid.id, amount: 100 });
  const wrong = await begun();
  for (const decline of ['incorrect_pin', 'incorrect_pin', 'incorrect_pin', 'pin_try_exceeded']) {
    await present(wrong.id, { card: 'amex', pin: '4321' });
    assert.equal((await stripe.paymentIntents.retrieve(wrong.id)).last_payment_error?.decline_code, decline);
  }
  const { messages } = await until(network, ({ books }) => books.DKK === 1000 + 500);
  const asked = messages.filter(({ mti, fields }) => mti.endsWith('00') && fields['55'] !== undefined);
  assert.deepEqual(asked.map(({ mti, fields }) => [mti, fields['22'], fields['53'] ?? null]).slice(0, 2), [
    ['0200', '051', '2001010100000000'],
    ['0100', '071', '2001010100000000'],
  ]);
  assert.ok(messages.some(({ mti, fields }) => mti === '0210' && /^8a02/.test(fields['55'] ?? '')));
  const online = await stripe.paymentIntents.create({ amount: 1100, currency: 'dkk' });
  assert.equal((await stripe.paymentIntents.retrieve(online.id)).status, 'requires_payment_method');
  await present(online.id, { card: 'visa' });
  assert.equal((await stripe.paymentIntents.retrieve(online.id)).status, 'requires_payment_method');
});

test('a card network that goes down is guessed nothing about: when it is back it is told, and both books agree', async () => {
  const asked = { currency: 'sek', confirm: true, payment_method: 'pm_card_visa' };
  const kept = await stripe.paymentIntents.create({ ...held, amount: 700, currency: 'sek', payment_method: 'pm_card_mastercard' });
  // One payment is on its way back from its issuer, who has approved it, when the network goes down.
  await put({ latency_ms: 3000, wait_ms: 3500 });
  const cut = refusal(stripe.paymentIntents.create({ ...asked, amount: 800 }));
  await until(network, ({ books }) => books.SEK === 1500);
  await put({ wait_ms: 50, down: ['card'] });
  assert.equal((await refusal(stripe.paymentIntents.create({ ...asked, amount: 900 }))).code, 'processing_error');
  assert.equal((await stripe.paymentIntents.capture(kept.id, { amount_to_capture: 600 })).status, 'succeeded');
  const error = await cut;
  assert.equal(error.code, 'processing_error');
  const failed = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '');
  assert.deepEqual([failed.status, failed.last_payment_error?.code], ['requires_payment_method', 'processing_error']);
  assert.deepEqual([await statement('sek'), (await network()).books.SEK], [600, 1500]);
  await put({});
  await until(network, ({ books }) => books.SEK === 600);
  assert.equal((await stripe.paymentIntents.confirm(failed.id, { payment_method: 'pm_card_visa' })).status, 'succeeded');
  assert.deepEqual([await statement('sek'), (await network()).books.SEK], [1400, 1400]);
});

test('issuers decline as many payments as is said, with the code that is said, and take nothing for them', async () => {
  const pay = () => stripe.paymentIntents.create({ amount: 100, currency: 'nok', confirm: true, payment_method: 'pm_card_visa' });
  await put({ seed: 'declines', declined: 1000, decline_code: '54' });
  assert.equal((await refusal(pay())).code, 'expired_card');
  await put({ seed: 'declines', declined: 500 });
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, pay));
  const paid = outcomes.filter(({ status }) => status === 'fulfilled').length;
  assert.ok(paid > 0 && paid < 40, `${paid} of 40 were paid`);
  const codes = new Set(outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.decline_code] : [])));
  assert.deepEqual([...codes], ['generic_decline']);
  await put({});
  assert.deepEqual([await statement('nok'), (await network()).books.NOK], [paid * 100, paid * 100]);
});

test('what was given back as declined is not approved by who takes the step again, and the issuer gives it back too', async () => {
  await put({});
  const address = (house.platform.doors['ledger.tigerbeetle']?.url ?? '').replace('tigerbeetle://', '');
  using ledger = openLedger(`tigerbeetle://${house.faces.ledger.cluster}@${address}`);
  const holdOf = (intent: string) => transferId({ intent, step: 'authorize', attempt: 1 });
  const like = await stripe.paymentIntents.create({ ...held, amount: 1000, currency: 'nzd', payment_method: 'pm_card_visa' });
  const [hold] = await ledger.lookupTransfers([holdOf(like.id)]);
  assert.ok(hold, 'there is no hold of a payment that was authorized');
  await stripe.paymentIntents.cancel(like.id);
  for (const capture_method of ['manual', 'automatic'] as const) {
    // As a process leaves it that heard nothing of the issuer, gave the money back, and died.
    const intent = await stripe.paymentIntents.create({ amount: 1000, currency: 'nzd', capture_method, payment_method: 'pm_card_visa' });
    const made = await ledger.createTransfers([
      { ...hold, id: holdOf(intent.id), timestamp: 0n },
      {
        ...{ id: transferId({ intent: intent.id, step: 'decline authorize', attempt: 1 }) },
        ...{ pendingId: holdOf(intent.id), flags: transferFlag.void },
      },
    ]);
    assert.deepEqual(
      made.map(({ status }) => status),
      ['created', 'created'],
    );
    assert.equal((await refusal(stripe.paymentIntents.confirm(intent.id))).decline_code, 'processing_error');
    assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, 'requires_payment_method');
  }
  const { messages } = await until(network, ({ books }) => (books.NZD ?? 0) === 0);
  assert.ok(messages.filter(({ mti }) => mti === '0430').length >= 2);
  assert.equal(await statement('nzd'), 0);
});

test('answers that are lost, late or doubled leave both books the same, and so does a service that dies', {
  timeout: 110_000,
}, async () => {
  const [count, waitMs] = [12, 100];
  await put({ seed: 'rail', lost: 40, late: 15, twice: 25, spread_ms: 20, wait_ms: waitMs });
  let done = 0;
  const flow = async (at: number): Promise<boolean> => {
    const name = `flow ${at}`;
    const asked = { amount: 1000 + at, currency: 'chf', confirm: true, payment_method: at % 2 === 0 ? 'pm_card_visa' : 'pm_card_jcb' };
    const capture_method = at % 3 === 0 ? 'manual' : 'automatic';
    const intent = await answered(() =>
      stripe.paymentIntents.create({ ...asked, capture_method }, { idempotencyKey: `${name} create` }),
    ).catch((error: Stripe.errors.StripeError) => {
      assert.equal(error.decline_code, 'processing_error');
      return undefined;
    });
    if (intent?.status === 'requires_capture')
      await answered(() => stripe.paymentIntents.capture(intent.id, { amount_to_capture: 600 }, { idempotencyKey: `${name} capture` }));
    if (intent && at % 4 === 1)
      await answered(() => stripe.refunds.create({ payment_intent: intent.id, amount: 250 }, { idempotencyKey: `${name} refund` }));
    done += 1;
    return intent !== undefined;
  };
  const flows = Array.from({ length: count }, (_, at) => flow(at));
  for (let tries = 0; done < 4 && tries < 2_000; tries += 1) await pause(5);
  process.kill(pidOf('payments'), 'SIGKILL');
  const outcomes = await Promise.all(flows);
  assert.ok(outcomes.includes(true));
  // Nobody answers any more: payments are declined, and no money is held for them.
  await put({ seed: 'away', lost: 100, wait_ms: 30 });
  const away = { ...held, amount: 800, currency: 'gbp', payment_method: 'pm_card_visa' };
  for (let at = 0; at < 4; at += 1) assert.equal((await refusal(stripe.paymentIntents.create(away))).code, 'processing_error');
  assert.ok((await network()).messages.some(({ mti }) => mti === '0101'));
  await put({});
  // What is still to be told is told when the service looks for what it left open, which it does when it starts.
  process.kill(pidOf('payments'), 'SIGKILL');
  await answered(() => stripe.balance.retrieve());
  const wanted = await statement('chf');
  await until(network, ({ books }) => (books.CHF ?? 0) === wanted && (books.GBP ?? 0) === 0);
  assert.deepEqual([await statement('chf'), await statement('gbp')], [wanted, 0]);
  assert.ok((await network()).messages.some(({ mti }) => mti === '0430'));
});
