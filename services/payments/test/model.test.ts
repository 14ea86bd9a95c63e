import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { Random } from '#engine/random/random.ts';
import { comparedOf, isShownBetter } from '../domain/shadow.ts';
import { defaultFile, readDefault, trainDefault, writtenDefault } from '../engine/risk/default.ts';
import { type Happened, learn, TooLittle } from '../engine/risk/learn.ts';
import { worldOf } from '../engine/risk/world.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { restOf } from './fixtures/rest.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
let bearer: string;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

type Body = Record<string, unknown>;
type Version = {
  readonly id: string;
  readonly status: string;
  readonly failure: string | null;
  readonly features: readonly string[];
  readonly report: { readonly average_precision: number; readonly average_precision_before: number | null; readonly told: Body } | null;
  readonly shadow: { readonly payments: number; readonly frauds: number; readonly blocked: number };
};
const ask = <T = Body>(method: string, path: string, body?: object) => restOf<T>(house, bearer, method, path, body);
const training = (body: object) => ask<Version>('POST', 'risk-model-versions/-/train-risk-model', { label_after_s: 0, ...body });
const versionOf = (id: string) => ask<Version>('GET', `risk-model-versions/${id}`);
const ended = async ({ id }: Version) =>
  until(
    () => versionOf(id),
    ({ status }) => status !== 'training',
  );
const updated = (id: string, body: object) => ask<Version>('PATCH', `risk-model-versions/${id}`, body);
const model = () => ask('GET', 'risk-models');

const pay = (amount: number, more: object = {}) =>
  stripe.paymentIntents.create({
    amount,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://example.com/',
    ...more,
  });
type Decision = { readonly model: string | null; readonly risk_score: number | null; readonly shadow: Body | null };
const decisionOf = async ({ id }: { id: string }): Promise<Decision> => {
  const { attempts } = await ask<{ attempts: { decision: Decision }[] }>('GET', `payment-intents/${id}/get-payment-intent-trace`);
  const [first] = attempts;
  assert.ok(first);
  return first.decision;
};

test('the model that environments begin with is what its script makes, and finds most frauds of a world that it has not seen', () => {
  assert.equal(readFileSync(defaultFile, 'utf8'), writtenDefault(trainDefault()));
  const { report } = readDefault();
  assert.ok(report.average_precision > 0.5 && report.calibration_error < 0.01, JSON.stringify(report));
  assert.ok(report.told.from > report.calibrated.to - 1 && report.calibrated.from > report.learned.to - 1);
});

test('features are chosen among all 1,008, and what is too little to learn from is said', () => {
  const wish = { training: { rounds: 10 }, entitiesMost: 1_000, until: Number.POSITIVE_INFINITY, featuresMost: 5 };
  const random = new Random(7);
  const happened = Array.from({ length: 600 }, (_, at): Happened[] => {
    const isFraud = random.is(0.2);
    const id = `${at}`;
    const entities = [['card', `card ${random.below(200)}`] as const, ['device', isFraud ? 'bad' : `device ${random.below(200)}`] as const];
    const paid = { kind: 'paid', id, seconds: 1_700_000_000 + at * 60, amount: 10, entities } as const;
    return isFraud ? [paid, { kind: 'told', id, isFraud }] : [paid];
  }).flat();
  const candidates = ['amount', 'hour', 'card_count_1h', 'card_sum_1d', 'device_count_1h', 'device_others_1d', 'email_count_1h'];
  const { model, report } = learn(happened, { ...wish, candidates, featuresMost: 2 });
  assert.ok(model.features[0]?.startsWith('device_'), model.features.join());
  assert.ok(report.average_precision > 0.9, JSON.stringify(report));
  // What is said last holds: all of them were none.
  const withdrawn = happened.map((each) => (each.kind === 'told' ? { ...each, isFraud: false } : each));
  assert.throws(() => learn(withdrawn, { ...wish, candidates }), TooLittle);
  assert.throws(() => learn(worldOf(3).slice(0, 100), { ...wish, candidates }), TooLittle);
});

test('a model in shadow is put to work when it was shown to be better, and by no chance', () => {
  const random = new Random(11);
  const drawn = (rightOf: number, count: number) =>
    Array.from({ length: count }, () => {
      const fraud = random.is(0.05);
      const score = random.below(30);
      return { score, other: random.is(rightOf) ? (fraud ? 90 : 1) : random.below(30), action: fraud ? 'block' : 'none', fraud };
    });
  const better = comparedOf(drawn(0.9, 2000));
  assert.ok(
    isShownBetter(better) && (better.better_by ?? 0) > 3 && (better.average_precision ?? 0) > (better.average_precision_active ?? 1),
  );
  assert.equal(isShownBetter(comparedOf(drawn(0, 2000))), false);
  assert.equal(isShownBetter(comparedOf(drawn(0.9, 200))), false);
  const unscored = comparedOf([{ score: null, other: 3, action: 'none', fraud: true }]);
  assert.deepEqual([unscored.better_by, unscored.average_precision_active, unscored.frauds], [null, null, 1]);
});

test('an environment has a score from its first payment on, and the model that it begins with blocks nothing', async () => {
  const first = await pay(5000, { expand: ['latest_charge'] });
  const { outcome } = first.latest_charge as Stripe.Charge;
  assert.deepEqual([outcome?.risk_level, typeof outcome?.risk_score], ['normal', 'number']);
  assert.equal((await decisionOf(first)).model, 'default');
  const ip_address = '198.51.100.7';
  for (let at = 0; at < 3; at += 1)
    await pay(900 + at, { payment_method: 'pm_card_createDispute', metadata: { ip_address, device: 'd1' } });
  const again = await pay(900, { metadata: { ip_address, device: 'd1' } });
  const { risk_score: score } = await decisionOf(again);
  assert.ok(score !== null && score <= 74, String(score));
  assert.deepEqual([(await model()).version, (await model()).shadow], ['default', null]);
});

test('an issuer warns of a fraud, which is over when the payment is given back', async () => {
  const { id, latest_charge } = await pay(700, { payment_method: 'pm_card_createIssuerFraudRecord' });
  const [warning] = (await stripe.radar.earlyFraudWarnings.list({ payment_intent: id })).data;
  assert.deepEqual([warning?.actionable, warning?.charge, warning?.fraud_type], [true, latest_charge, 'made_with_stolen_card']);
  await stripe.refunds.create({ payment_intent: id, reason: 'fraudulent' });
  const after = await stripe.radar.earlyFraudWarnings.retrieve(String(warning?.id), { expand: ['charge'] });
  assert.deepEqual([after.actionable, (after.charge as Stripe.Charge).fraud_details], [false, { user_report: 'fraudulent' }]);
  const { data } = await stripe.events.list({ types: ['radar.early_fraud_warning.created', 'radar.early_fraud_warning.updated'] });
  assert.deepEqual(
    data.map(({ type }) => type),
    ['radar.early_fraud_warning.updated', 'radar.early_fraud_warning.created'],
  );
});

test('a rule asks whether something stands on a list, which holds within a second', async () => {
  const list = await stripe.radar.valueLists.create({ alias: 'bad_mail', name: 'Bad', item_type: 'email', metadata: { a: 'b' } });
  const unknown = await house.call(
    'POST',
    '/v1/payments/risk-rules/-/create-risk-rule',
    { rule: 'block if :email: in @nobody' },
    { door: 'payments.rest', bearer },
  );
  assert.match(JSON.stringify(unknown.body), /no list of values called @nobody/);
  const rule = await ask('POST', 'risk-rules/-/create-risk-rule', { rule: 'block if :email: in @bad_mail' });
  assert.equal((await pay(800, { receipt_email: 'Eve@example.com' })).status, 'succeeded');
  const item = await stripe.radar.valueListItems.create({ value_list: list.id, value: 'eve@EXAMPLE.com' });
  await assert.rejects(pay(800, { receipt_email: 'Eve@example.com' }), { decline_code: 'fraudulent' });
  assert.equal((await pay(800, { receipt_email: 'adam@example.com' })).status, 'succeeded');
  assert.equal((await pay(800)).status, 'succeeded');
  await assert.rejects(stripe.radar.valueListItems.create({ value_list: list.id, value: 'eve@example.com' }), {
    code: 'resource_already_exists',
  });
  await assert.rejects(stripe.radar.valueListItems.create({ value_list: list.id, value: 'nobody' }), { param: 'value' });
  await assert.rejects(stripe.radar.valueLists.create({ alias: 'bad_mail', name: 'Other' }), { param: 'alias' });
  await assert.rejects(stripe.radar.valueLists.del(list.id), /asks for the list/);
  const [found] = (await stripe.radar.valueLists.list({ contains: 'EVE@example.com' })).data;
  assert.deepEqual([found?.id, found?.list_items.data.map(({ id }) => id)], [list.id, [item.id]]);
  const trial = await ask('POST', 'risk-rules/-/try-risk-rule', { rule: 'block if :email: in @bad_mail' });
  assert.ok(Number(trial.met) >= 2, JSON.stringify(trial));
  assert.equal((await stripe.radar.valueListItems.del(item.id)).deleted, true);
  assert.equal((await pay(800, { receipt_email: 'Eve@example.com' })).status, 'succeeded');
  await ask('DELETE', `risk-rules/${String(rule.id)}`);
  assert.equal((await stripe.radar.valueLists.del(list.id)).deleted, true);
});

test('a model is trained on the payments that were, scores in shadow, is put to work, and makes room for another', async () => {
  const few = await ended(await training({}));
  assert.equal(few.status, 'failed');
  assert.match(String(few.failure), /were told to be frauds; 20 are needed/);
  const random = new Random(5);
  // Frauds come from one place, whose payments are contested, given back or warned of.
  const ways = ['refund', 'pm_card_createDispute', 'pm_card_createIssuerFraudRecord'] as const;
  for (let round = 0; round < 30; round += 1)
    await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const isFraud = at === 0;
        const way = isFraud ? (ways[round % 3] ?? 'refund') : 'none';
        const metadata = {
          ip_address: isFraud ? '203.0.113.9' : `192.0.2.${random.below(200)}`,
          device: isFraud ? 'thief' : `d${random.below(200)}`,
        };
        const { id } = await pay(1000 + random.below(5000), { metadata, payment_method: way.startsWith('pm_') ? way : 'pm_card_visa' });
        if (way === 'refund') await stripe.refunds.create({ payment_intent: id, reason: 'fraudulent' });
      }),
    );
  const version = await training({ features: 12, rounds: 20 });
  // Payments go on while it is trained.
  const meanwhile = await pay(1234, { metadata: { ip_address: '192.0.2.1', device: 'd1' } });
  assert.equal((await decisionOf(meanwhile)).shadow, null);
  const made = await ended(version);
  assert.equal(made.status, 'shadow', JSON.stringify(made));
  assert.ok(made.features.length <= 12 && made.features.some((name) => /^(ip|device|network)_/.test(name)), made.features.join());
  assert.ok((made.report?.average_precision ?? 0) > 0.9, JSON.stringify(made.report));
  assert.equal(typeof made.report?.average_precision_before, 'number');
  assert.equal((await model()).shadow, version.id);
  const thief = { metadata: { ip_address: '203.0.113.9', device: 'thief' } };
  const shadowed = await decisionOf(await pay(2000, thief));
  assert.equal(shadowed.model, 'default');
  assert.deepEqual([shadowed.shadow?.model, shadowed.shadow?.action], [version.id, 'block']);
  assert.deepEqual([(await versionOf(version.id)).shadow.payments, (await versionOf(version.id)).shadow.blocked], [1, 1]);
  const active = await updated(version.id, { status: 'active' });
  assert.deepEqual([active.status, (await model()).version, (await model()).shadow], ['active', version.id, null]);
  await assert.rejects(pay(2000, thief), { decline_code: 'fraudulent' });
  const honest = await decisionOf(await pay(2000, { metadata: { ip_address: '192.0.2.3', device: 'd3' } }));
  assert.ok(honest.model === version.id && (honest.risk_score ?? 100) < 50, JSON.stringify(honest));
  await ask('PATCH', 'risk-model-versions/default', { status: 'active' });
  assert.equal((await versionOf(version.id)).status, 'retired');
  assert.equal((await pay(2000, thief)).status, 'succeeded');
  await updated(version.id, { status: 'shadow', activation: 'when_better' });
  assert.equal((await versionOf(version.id)).status, 'shadow');
  const { data } = await ask<{ data: Version[] }>('GET', 'risk-model-versions');
  assert.deepEqual(
    data.map(({ status }) => status),
    ['shadow', 'failed'],
  );
});
