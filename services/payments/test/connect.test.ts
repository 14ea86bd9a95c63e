import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { nextPayout, scheduleOf } from '../domain/payout-schedule.ts';
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

const paid = (amount: number, currency: string, more: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
  stripe.paymentIntents.create({ amount, currency, confirm: true, payment_method: 'pm_card_bypassPending', ...more });
const seconds = (text: string) => Date.parse(text) / 1000;
const available = async (currency: string, account?: string) => {
  const { available: all } = await stripe.balance.retrieve({}, account === undefined ? {} : { stripeAccount: account });
  return all.find((each) => each.currency === currency)?.amount ?? 0;
};

async function advanced(clock: string, to: number): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: to });
  await until(
    () => stripe.testHelpers.testClocks.retrieve(clock),
    ({ status }) => status === 'ready',
  );
}

test('a rhythm of payouts names days on which banks work: what falls on a weekend goes on Monday', () => {
  const next = (given: Record<string, never> | object, after: string) => {
    const at = nextPayout(scheduleOf({}, given as never), seconds(after));
    return at === undefined ? undefined : new Date(at * 1000).toISOString().slice(0, 10);
  };
  assert.equal(next({ interval: 'manual' }, '2026-10-02T12:00:00Z'), undefined);
  assert.equal(next({ interval: 'daily' }, '2026-10-02T12:00:00Z'), '2026-10-05', 'Friday, then Monday');
  assert.equal(next({ interval: 'weekly', weekly_payout_days: ['wednesday'] }, '2026-10-02T12:00:00Z'), '2026-10-07');
  assert.equal(next({ interval: 'weekly', weekly_anchor: 'friday' }, '2026-10-02T00:00:00Z'), '2026-10-09', 'not the same moment again');
  assert.equal(next({ interval: 'monthly', monthly_payout_days: [31] }, '2026-10-31T12:00:00Z'), '2026-11-02', 'a Saturday that has begun');
  assert.equal(next({ interval: 'monthly', monthly_payout_days: [31] }, '2026-11-02T00:00:00Z'), '2026-11-30');
  assert.equal(next({ interval: 'monthly', monthly_anchor: 29 }, '2027-02-01T00:00:00Z'), '2027-03-01', 'the 28th is a Sunday');
});

test('money goes to the bank by the schedule, each currency for itself, less what is to stay, and says of what it is made', async () => {
  const now = Math.floor(Date.now() / 1000);
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: now })).id;
  for (const [amount, currency] of [
    [4000, 'sek'],
    [1500, 'sek'],
    [700, 'nok'],
  ] as const)
    await paid(amount, currency);
  // Longer than a weekend, whatever day it is today.
  await stripe.balanceSettings.update({ payments: { settlement_timing: { delay_days_override: 5 } } });
  const late = await stripe.paymentIntents.create({ amount: 900, currency: 'nok', confirm: true, payment_method: 'pm_card_visa' });
  assert.equal(late.status, 'succeeded');
  const settings = await stripe.balanceSettings.update({
    payments: { payouts: { schedule: { interval: 'daily' }, minimum_balance_by_currency: { sek: 500 }, statement_descriptor: 'TEA' } },
    ...({ test_clock: clock } as object),
  });
  assert.equal(settings.payments.payouts?.schedule?.interval, 'daily');
  assert.deepEqual((await stripe.balanceSettings.retrieve()).payments.payouts?.minimum_balance_by_currency, { sek: 500 });
  const day = 86_400;
  const first = (Math.floor(now / day) + 1) * day;
  const weekday = new Date(first * 1000).getUTCDay();
  const paidAt = first + (weekday === 6 ? 2 : weekday === 0 ? 1 : 0) * day;
  await advanced(clock, paidAt + 60);
  const payouts = (await stripe.payouts.list({ limit: 10 })).data.filter(({ automatic }) => automatic);
  const of = (currency: string) => payouts.find((each) => each.currency === currency);
  assert.deepEqual([of('sek')?.amount, of('nok')?.amount], [5000, 700], 'what waits for its day is not in it');
  assert.deepEqual([of('sek')?.statement_descriptor, of('sek')?.reconciliation_status, of('sek')?.status], ['TEA', 'completed', 'pending']);
  const lines = await stripe.balanceTransactions.list({ payout: String(of('nok')?.id) });
  assert.deepEqual(lines.data.map(({ type, net }) => [type, net]).toSorted(), [
    ['charge', 700],
    ['payout', -700],
  ]);
  assert.equal((await refusal(stripe.payouts.cancel(String(of('sek')?.id)))).statusCode, 400, 'one of the schedule is not called off');
  await advanced(clock, paidAt + 7 * day);
  assert.equal((await stripe.payouts.retrieve(String(of('sek')?.id))).status, 'paid', 'it arrived by the clock');
  const more = (await stripe.payouts.list({ limit: 10 })).data.filter(({ currency, automatic }) => currency === 'nok' && automatic);
  assert.deepEqual(
    more.map(({ amount }) => amount),
    [900, 700],
    'what waited went when its day came, and nothing went twice',
  );
  await stripe.testHelpers.testClocks.del(clock);
  await stripe.balanceSettings.update({
    payments: { payouts: { schedule: { interval: 'manual' } }, settlement_timing: { delay_days_override: '' } },
  });
});

test('money that was taken waits for as many days as the settings say', async () => {
  await stripe.balanceSettings.update({ payments: { settlement_timing: { delay_days_override: 5 } } });
  const wait = async () => {
    const intent = await stripe.paymentIntents.create({
      ...{ amount: 1000, currency: 'usd', confirm: true, payment_method: 'pm_card_visa', expand: ['latest_charge.balance_transaction'] },
    });
    const line = (intent.latest_charge as Stripe.Charge).balance_transaction as Stripe.BalanceTransaction;
    return (line.available_on - line.created) / 86_400;
  };
  assert.equal(await wait(), 5);
  const wrong = await refusal(stripe.balanceSettings.update({ payments: { settlement_timing: { delay_days_override: 1 } } }));
  assert.equal(wrong.statusCode, 400);
  await stripe.balanceSettings.update({ payments: { settlement_timing: { delay_days_override: '' } } });
  assert.equal(await wait(), 2);
});

test('a full refund of the only payment leaves the business owing the fee, and nothing is paid out until that is earned', async () => {
  const { bearer } = await house.credential({ environment: 'test', role: 'admin' });
  const put = (rates: object[]) =>
    house.call('POST', '/v1/payments/fee-schedules/-/put-fee-schedule', { rates }, { door: 'payments.rest', bearer });
  assert.equal((await put([{ currency: 'dkk', basis_points: 290, fixed: 30 }])).status, 200);
  const intent = await paid(10_000, 'dkk');
  assert.equal(await available('dkk'), 9680);
  const refunds = [
    await stripe.refunds.create({ payment_intent: intent.id, amount: 2500 }),
    await stripe.refunds.create({ payment_intent: intent.id }),
  ];
  assert.deepEqual(
    refunds.map(({ amount, status }) => [amount, status]),
    [
      [2500, 'succeeded'],
      [7500, 'succeeded'],
    ],
  );
  assert.equal(await available('dkk'), -320);
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: intent.id }))).code, 'charge_already_refunded');
  await paid(400, 'dkk');
  assert.equal(await available('dkk'), 38);
  assert.equal((await refusal(stripe.payouts.create({ amount: 39, currency: 'dkk' }))).code, 'balance_insufficient');
  assert.equal((await stripe.payouts.create({ amount: 38, currency: 'dkk' })).amount, 38);
  await put([]);
});

const seller = (more: Partial<Stripe.AccountCreateParams> = {}) => stripe.accounts.create({ ...readyAccount, ...more });

test('an application fee goes back in parts, with a refund or alone, and never more than it was', async () => {
  const { id } = await seller();
  const intent = await paid(10_000, 'usd', { application_fee_amount: 1000, transfer_data: { destination: id } });
  const charge = await stripe.charges.retrieve(String(intent.latest_charge));
  const fee = String(charge.application_fee);
  assert.equal(await available('usd', id), 9000);
  const part = await stripe.applicationFees.createRefund(fee, { amount: 300, metadata: { why: 'late' } });
  assert.deepEqual([part.amount, part.fee, part.metadata?.why], [300, fee, 'late']);
  assert.equal(await available('usd', id), 9300);
  const asked = await Promise.allSettled(Array.from({ length: 5 }, () => stripe.applicationFees.createRefund(fee, { amount: 300 })));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 2, 'of 700 that are left');
  assert.equal(await available('usd', id), 9900);
  await stripe.refunds.create({ charge: charge.id, reverse_transfer: true, refund_application_fee: true });
  const known = await stripe.applicationFees.retrieve(fee);
  assert.deepEqual([known.amount_refunded, known.refunded, known.refunds.data.length], [1000, true, 4]);
  assert.equal((await refusal(stripe.applicationFees.createRefund(fee))).statusCode, 400);
  assert.equal((await stripe.applicationFees.listRefunds(fee)).data.length, 4);
  const last = await stripe.applicationFees.retrieveRefund(fee, part.id);
  assert.equal((await stripe.applicationFees.updateRefund(fee, last.id, { metadata: { why: '' } })).metadata?.why, undefined);
});

test('a connected account is paid out to its bank; a bank that refuses sends it back, and what has arrived can be fetched back', async () => {
  const good = await seller();
  const bad = await seller({
    external_account: {
      object: 'bank_account',
      country: 'US',
      currency: 'usd',
      routing_number: '110000000',
      account_number: '000111111113',
    },
  });
  await paid(50_000, 'usd');
  for (const { id } of [good, bad]) await stripe.transfers.create({ amount: 2000, currency: 'usd', destination: id });
  const as = { stripeAccount: good.id };
  assert.equal((await refusal(stripe.payouts.create({ amount: 2001, currency: 'usd' }, as))).code, 'balance_insufficient');
  const payout = await stripe.payouts.create({ amount: 1500, currency: 'usd', method: 'instant' }, as);
  assert.equal(payout.destination, good.external_accounts?.data[0]?.id);
  assert.equal(await available('usd', good.id), 500);
  assert.equal((await refusal(stripe.payouts.retrieve(payout.id))).code, 'resource_missing', 'it is not one of the business');
  const expanded = await stripe.payouts.retrieve(payout.id, { expand: ['balance_transaction'] }, as);
  assert.equal((expanded.balance_transaction as Stripe.BalanceTransaction).net, -1500);
  const own = await stripe.payouts.list({}, as);
  assert.deepEqual(
    own.data.map(({ id }) => id),
    [payout.id],
  );
  assert.ok((await Array.fromAsync(stripe.payouts.list({ limit: 100 }))).every(({ id }) => id !== payout.id));
  const ends = (id: string, account: string, status: string) =>
    until(
      () => stripe.payouts.retrieve(id, {}, { stripeAccount: account }),
      (each) => each.status === status,
    );
  await ends(payout.id, good.id, 'paid');
  const rest = { door: 'payments.rest', bearer: (await house.credential({ environment: 'test', role: 'admin' })).bearer };
  await house.call('POST', '/v1/payments/card-networks/-/put-card-network', { payout_s: 0 }, rest);
  const back = await stripe.payouts.reverse(payout.id, {}, as);
  assert.deepEqual([back.amount, back.original_payout], [-1500, payout.id]);
  assert.equal((await refusal(stripe.payouts.reverse(payout.id, {}, as))).statusCode, 400, 'once');
  await ends(back.id, good.id, 'paid');
  assert.equal(await available('usd', good.id), 2000);
  const lost = await stripe.payouts.create({ amount: 2000, currency: 'usd', method: 'instant' }, { stripeAccount: bad.id });
  const failed = await ends(lost.id, bad.id, 'failed');
  assert.deepEqual([failed.failure_code, typeof failed.failure_balance_transaction], ['account_closed', 'string']);
  assert.equal(await available('usd', bad.id), 2000);
  await house.call('POST', '/v1/payments/card-networks/-/put-card-network', {}, rest);
});

test('accounts at banks are added, preferred and taken away, capabilities asked for, and an account that is rejected is paid nothing', async () => {
  const { id } = await seller();
  const bank = {
    object: 'bank_account',
    country: 'US',
    currency: 'usd',
    routing_number: '110000000',
    account_number: '000999999991',
  } as const;
  const added = (await stripe.accounts.createExternalAccount(id, { external_account: bank })) as Stripe.BankAccount;
  assert.equal(added.default_for_currency, false);
  const preferred = (await stripe.accounts.updateExternalAccount(id, added.id, { default_for_currency: true })) as Stripe.BankAccount;
  assert.equal(preferred.default_for_currency, true);
  const all = await stripe.accounts.listExternalAccounts(id);
  const [other] = all.data.filter((each) => each.id !== added.id);
  assert.equal((await refusal(stripe.accounts.deleteExternalAccount(id, added.id))).statusCode, 400, 'the one of its currency stays');
  assert.equal((await stripe.accounts.deleteExternalAccount(id, String(other?.id))).deleted, true);
  assert.equal((await stripe.accounts.retrieveCapability(id, 'transfers')).status, 'active');
  await stripe.accounts.updateCapability(id, 'card_payments', { requested: false });
  assert.deepEqual(
    (await stripe.accounts.listCapabilities(id)).data.map((each) => each.id),
    ['transfers'],
  );
  const set = await stripe.accounts.update(id, {
    settings: { payouts: { schedule: { interval: 'weekly', weekly_anchor: 'friday', delay_days: 7 } } },
  });
  assert.deepEqual([set.settings?.payouts?.schedule.weekly_anchor, set.settings?.payouts?.schedule.delay_days], ['friday', 7]);
  const settings = await stripe.balanceSettings.retrieve({}, { stripeAccount: id });
  assert.deepEqual(settings.payments.payouts?.schedule?.weekly_payout_days, ['friday']);
  const rejected = await stripe.accounts.reject(id, { reason: 'fraud' });
  assert.deepEqual([rejected.payouts_enabled, rejected.requirements?.disabled_reason], [false, 'rejected.fraud']);
  assert.equal(
    (await refusal(stripe.transfers.create({ amount: 1, currency: 'usd', destination: id }))).code,
    'insufficient_capabilities_for_transfer',
  );
  assert.match((await stripe.accounts.retrieveCurrent()).id, /^acct_1/);
});

test('the page of an account link asks for what is required until nothing is, opens once, and sends who comes late to where a new one is made', async () => {
  const made = await stripe.accounts.create({ type: 'custom', country: 'US', capabilities: { transfers: { requested: true } } });
  const ways = { refresh_url: 'https://example.com/again', return_url: 'https://example.com/done', type: 'account_onboarding' } as const;
  const link = await stripe.accountLinks.create({ account: made.id, ...ways });
  const send = (answers: Record<string, string>) =>
    fetch(link.url, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(answers) },
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'browser' },
    });
  const first = await (await fetch(link.url)).text();
  assert.match(first, /business_profile\.mcc/);
  const again = await fetch(link.url, { redirect: 'manual' });
  assert.deepEqual([again.status, again.headers.get('location')], [303, ways.refresh_url]);
  const wrong = await send({ 'business_profile.mcc': 'tea' });
  assert.match(await wrong.text(), /role="alert"/);
  const more = await send({
    ...{
      'business_profile.mcc': '5734',
      'business_profile.url': 'https://tea.example',
      business_type: 'individual',
      tos_acceptance: 'yes',
    },
    ...{ 'external_account.account_number': '000123456789', 'external_account.routing_number': '110000000' },
  });
  assert.match(await more.text(), /individual\.dob\.day/, 'what follows from the kind of business is asked next');
  const names = { 'individual.first_name': 'Sal', 'individual.last_name': 'Ler' };
  const done = await send({ ...names, 'individual.dob.day': '1', 'individual.dob.month': '2', 'individual.dob.year': '1990' });
  assert.deepEqual([done.status, done.headers.get('location')], [303, ways.return_url]);
  const ready = await stripe.accounts.retrieve(made.id);
  assert.deepEqual([ready.details_submitted, ready.capabilities?.transfers, ready.tos_acceptance?.user_agent], [true, 'active', 'browser']);
  const forged = await fetch(link.url.replace(/client_secret=.{4}/, 'client_secret=0000'));
  assert.equal(forged.status, 404);
});
