import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { readIso20022 } from '#wire/iso20022/document.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { restOf } from './fixtures/rest.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
let bearer = '';
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

const rest = <T>(method: string, path: string, body?: object) => restOf<T>(house, bearer, method, path, body);

type File = { readonly id: string; readonly direction: string; readonly format: string; readonly answer_to: string | null };
const files = async (rail: string) => (await rest<{ data: File[] }>('GET', `clearing-files?rail=${rail}&limit=100`)).data;
const contents = async (id: string) => (await rest<{ content: string }>('GET', `clearing-files/${id}/get-clearing-file-contents`)).content;
const messages = async (rail: string) =>
  Promise.all((await files(rail)).map(async ({ id, direction }) => ({ id, direction, ...readIso20022(Buffer.from(await contents(id))) })));

const simulated = (conditions: object) => rest('POST', 'card-networks/-/put-card-network', conditions);
const bank = (currency: string, number: string, routing?: string) =>
  rest('POST', 'bank-accounts/-/put-bank-account', {
    ...{ currency, account_number: number, account_holder_name: 'Jenny Rosen GmbH' },
    ...(routing === undefined ? {} : { routing_number: routing }),
  });
const fund = (currency: string, amount: number) => stripe.charges.create({ amount, currency, source: 'tok_bypassPending' });
const available = async (currency: string) =>
  (await stripe.balance.retrieve()).available.find((each) => each.currency === currency)?.amount ?? 0;
const ends = (id: string, status: string) =>
  until(
    () => stripe.payouts.retrieve(id),
    (payout) => payout.status === status,
  );

test('payouts go by the rail of their currency and haste, and are called off until their file is written', async () => {
  await Promise.all([fund('usd', 10_000), fund('eur', 10_000), fund('gbp', 1000)]);
  const patient = await stripe.payouts.create({ amount: 700, currency: 'usd' });
  assert.ok(patient.arrival_date > patient.created);
  await simulated({ payout_s: 0 });
  const made = await Promise.all([
    stripe.payouts.create({ amount: 1000, currency: 'usd' }),
    stripe.payouts.create({ amount: 1100, currency: 'usd', method: 'instant' }),
    stripe.payouts.create({ amount: 1200, currency: 'eur' }),
    stripe.payouts.create({ amount: 1300, currency: 'eur', method: 'instant' }),
    stripe.payouts.create({ amount: 1000, currency: 'gbp' }),
  ]);
  const paid = await Promise.all(made.map(({ id }) => ends(id, 'paid')));
  assert.ok(paid.every(({ trace_id: trace }) => trace?.status === 'supported' && trace.value !== null));
  assert.match((await refusal(stripe.payouts.cancel(made[0]?.id ?? ''))).message, /paid/);
  assert.equal((await stripe.payouts.cancel(patient.id)).status, 'canceled');
  assert.deepEqual([await available('usd'), await available('eur'), await available('gbp')], [7900, 7500, 0]);
  const kinds = await Promise.all(
    ['sepa', 'sct_inst', 'rtp', 'wire'].map(async (rail) => (await messages(rail)).map(({ kind }) => kind).toSorted()),
  );
  assert.deepEqual(kinds, [['pacs.002', 'pain.001'], ...[1, 2, 3].map(() => ['pacs.002', 'pacs.008'])]);
  const [transfer] = (await messages('rtp')).flatMap((each) => (each.kind === 'pacs.008' ? each.value.transfers : []));
  assert.deepEqual(transfer?.amount, { currency: 'USD', minor: 1100 });
  assert.deepEqual([transfer?.creditorAgent.member, transfer?.creditorAccount?.other], ['110000000', '000123456789']);
  const sent = (await files('ach')).filter(({ direction }) => direction === 'sent');
  const batches = await Promise.all(sent.map(async ({ id }) => readNacha(await contents(id)).batches));
  assert.deepEqual(
    batches.flat().map(({ entryClass, description, entries }) => [entryClass, description, entries[0]?.cents]),
    [['CCD', 'PAYOUT', 1000]],
  );
});

test('a payout that a bank refuses, or sends back, is the money of the business again, and says why', async () => {
  await simulated({ payout_s: 0 });
  const before = [await available('usd'), await available('eur')];
  await bank('usd', '000111111116', '110000000');
  const unknown = await stripe.payouts.create({ amount: 500, currency: 'usd' });
  const atOnce = await stripe.payouts.create({ amount: 600, currency: 'usd', method: 'instant' });
  await bank('eur', 'DE35370400440532013002');
  const late = await stripe.payouts.create({ amount: 700, currency: 'eur', method: 'instant' });
  const failed = await Promise.all([unknown, atOnce, late].map(({ id }) => ends(id, 'failed')));
  assert.deepEqual(
    failed.map(({ failure_code: code }) => code),
    ['no_account', 'no_account', 'account_frozen'],
  );
  assert.deepEqual([await available('usd'), await available('eur')], before);
  const line = await stripe.balanceTransactions.retrieve(String(failed[2]?.failure_balance_transaction));
  assert.deepEqual([line.type, line.net, line.source], ['payout_failure', 700, late.id]);
  const events = await stripe.events.list({ type: 'payout.*', limit: 100 });
  const told = events.data.filter(({ data }) => (data.object as Stripe.Payout).id === late.id).map(({ type }) => type);
  assert.deepEqual(told, ['payout.failed', 'payout.paid', 'payout.updated', 'payout.created']);
  await bank('usd', '000123456789', '011401533');
  const unreached = await refusal(stripe.payouts.create({ amount: 500, currency: 'usd', method: 'instant' }));
  assert.equal(unreached.code, 'instant_payouts_unsupported');
  await bank('usd', '000123456789', '110000000');
});

test('a payout is taken back from its bank once, and the money is there when the debit cannot come back any more', async () => {
  const before = await available('usd');
  await simulated({ payout_s: 3600 });
  const waiting = await stripe.payouts.create({ amount: 800, currency: 'usd' });
  assert.equal((await refusal(stripe.payouts.reverse(waiting.id))).code, 'payouts_not_allowed', 'not paid yet');
  await stripe.payouts.cancel(waiting.id);
  await simulated({ payout_s: 0 });
  const { id } = await stripe.payouts.create({ amount: 800, currency: 'usd' });
  await ends(id, 'paid');
  const back = await stripe.payouts.reverse(id, { metadata: { why: 'twice' } });
  assert.deepEqual([back.amount, back.original_payout, back.metadata?.why], [-800, id, 'twice']);
  assert.equal((await stripe.payouts.retrieve(id)).reversed_by, back.id);
  assert.equal((await refusal(stripe.payouts.reverse(id))).code, 'payouts_not_allowed');
  assert.equal(await available('usd'), before - 800);
  await ends(back.id, 'paid');
  assert.equal(await available('usd'), before);
});

test('an instant payout is sent once and paid once, whatever is lost, late or said twice: what became of it is asked', async () => {
  await simulated({ payout_s: 0, seed: 'instant', lost: 60, late: 30, twice: 100 });
  await bank('eur', 'DE89370400440532013000');
  const before = await available('eur');
  const reasons = async () =>
    (await messages('sct_inst')).flatMap((each) =>
      each.kind === 'pacs.002' ? each.value.statuses.map((one) => one.reasons[0]?.code) : [],
    );
  // Which of them are lost follows from their ids, which nobody knows before: five at a time, until one was lost on its way there.
  let rounds = 0;
  for (let seen: unknown[] = []; !seen.includes('NOOR') && rounds < 10; seen = await reasons()) {
    const made = await Promise.all([1, 2, 3, 4, 5].map((amount) => stripe.payouts.create({ amount, currency: 'eur', method: 'instant' })));
    await Promise.all(made.map(({ id }) => ends(id, 'paid')));
    rounds += 1;
  }
  assert.equal(await available('eur'), before - 15 * rounds);
  await simulated({});
  assert.ok((await reasons()).includes('NOOR'));
  assert.ok((await messages('sct_inst')).some(({ kind }) => kind === 'pacs.028'));
  const lines = await Array.fromAsync(stripe.balanceTransactions.list({ currency: 'eur', limit: 100 }));
  assert.equal(
    lines.reduce((sum, { net }) => sum + net, 0),
    await available('eur'),
  );
});

test('a payout whose rail is down is neither paid nor failed, and is paid once when the rail is back', async () => {
  await fund('usd', 5000);
  await bank('usd', '000123456789', '110000000');
  await simulated({ payout_s: 0, latency_ms: 1000 });
  const before = await available('usd');
  // The first one may be on its way back from the clearing house when the rail goes down; the others find it down.
  const made = [await stripe.payouts.create({ amount: 300, currency: 'usd', method: 'instant' })];
  await until(
    () => stripe.payouts.retrieve(made[0]?.id ?? ''),
    ({ status }) => status === 'in_transit',
  );
  const down = ['rtp', 'ach'];
  await simulated({ payout_s: 0, down });
  made.push(await stripe.payouts.create({ amount: 400, currency: 'usd', method: 'instant' }));
  made.push(await stripe.payouts.create({ amount: 500, currency: 'usd' }));
  await pause(2500);
  const waiting = await Promise.all(made.map(({ id }) => stripe.payouts.retrieve(id)));
  assert.deepEqual(new Set(waiting.map(({ status }) => status)), new Set(['in_transit']));
  assert.equal(await available('usd'), before - 1200);
  await simulated({ payout_s: 0, down, down_until: Math.floor(Date.now() / 1000) + 2 });
  await Promise.all(made.map(({ id }) => ends(id, 'paid')));
  await simulated({});
  const sent = (await messages('rtp')).flatMap((each) => (each.kind === 'pacs.008' ? each.value.transfers : []));
  assert.deepEqual(
    [300, 400].map((minor) => sent.filter(({ amount }) => amount.minor === minor).length),
    [1, 1],
  );
  const lines = await Array.fromAsync(stripe.balanceTransactions.list({ currency: 'usd', limit: 100 }));
  assert.equal(
    lines.reduce((sum, { net }) => sum + net, 0),
    await available('usd'),
  );
  assert.equal(await available('usd'), before - 1200);
});
