import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type Stripe from 'stripe';
import { answered } from './fixtures/answered.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { restOf } from './fixtures/rest.ts';
import { refusal } from './fixtures/refusal.ts';

type Attempt = { readonly acquirer: string; readonly code: string | null; readonly retryable: boolean };
type Candidate = { readonly acquirer: string; readonly excluded: string | null; readonly approval: number | null };
type Route = {
  readonly policy: string;
  readonly order: readonly string[];
  readonly candidates: readonly Candidate[];
  readonly attempts: readonly Attempt[];
};
type Routing = {
  readonly rollout: { readonly status: string; readonly learned_percent: number; readonly learned: { readonly asked: number } };
};

let house: House;
let stripe: Stripe;
let bearer = '';
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: false });
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

const rest = <T>(method: string, path: string, body?: object) => restOf<T>(house, bearer, method, path, body);

const routing = () => rest<Routing>('GET', 'routings');
const put = (given: object) => rest<Routing>('POST', 'routings/-/put-routing', given);
const simulated = (conditions: object) => rest('POST', 'card-networks/-/put-card-network', conditions);
const routeOf = async (id: string): Promise<Route> => {
  const [{ route } = { route: undefined }] = (await rest<{ routes: { route: Route }[] }>('GET', `payment-intents/${id}/get-payment-route`))
    .routes;
  assert.ok(route);
  return route;
};
const pay = (method: string, currency = 'eur') =>
  stripe.paymentIntents.create({ amount: 2000, currency, confirm: true, payment_method: method });
const last = async () => (await stripe.paymentIntents.list({ limit: 1 })).data[0]?.id ?? '';

test('payments go by one acquirer until it is said otherwise, and by one that may take them', async () => {
  const plain = await routeOf((await pay('pm_card_visa')).id);
  assert.deepEqual(
    [plain.policy, plain.order, plain.attempts],
    ['fixed', ['alder'], [{ acquirer: 'alder', code: '00', retryable: false }]],
  );
  await put({ policy: 'fixed', acquirer: 'oak' });
  assert.deepEqual((await routeOf((await pay('pm_card_visa')).id)).order, ['oak']);
  const amex = await routeOf((await pay('pm_card_amex')).id);
  assert.notEqual(amex.order[0], 'oak');
  assert.equal(amex.candidates.find(({ acquirer }) => acquirer === 'oak')?.excluded, 'licence');
  await put({ policy: 'fixed', residency: 'apac' });
  assert.deepEqual((await routeOf((await pay('pm_card_visa', 'jpy')).id)).order, ['larch']);
});

test('another acquirer is asked when one reaches no network, and none when the issuer has declined', async () => {
  // All payments go by what is learned from the first stage on: nothing else is to compare with.
  await put({ policy: 'learned', acquirer: 'alder', attempts: 3, payments_min: 1, drop_max: 100 });
  for (let at = 0; (await routing()).rollout.learned_percent < 98; at += 1) {
    assert.ok(at < 400, 'the rollout went on');
    await Promise.all(Array.from({ length: 20 }, () => pay('pm_card_visa')));
  }
  await simulated({ down: ['alder', 'birch', 'cedar', 'elm', 'larch'] });
  let fallen: Route | undefined;
  let payment = '';
  for (let at = 0; !fallen && at < 60; at += 1) {
    await pay('pm_card_visa').catch(() => undefined);
    const route = await routeOf(await last());
    if (route.attempts.length > 1) [fallen, payment] = [route, await last()];
  }
  assert.ok(fallen?.attempts.slice(0, -1).every(({ code, retryable }) => code === '91' && retryable));
  type Trace = { attempts: { route: { routing: Route } }[]; messages: { mti: string; elements: { number: number; value: string }[] }[] };
  const trace = await rest<Trace>('GET', `payment-intents/${payment}/get-payment-intent-trace`);
  assert.deepEqual(trace.attempts[0]?.route.routing, fallen);
  const codes = trace.messages.flatMap(({ elements }) => elements.filter(({ number }) => number === 39).map(({ value }) => value));
  assert.deepEqual(codes.toSorted(), fallen?.attempts.map(({ code }) => code).toSorted());
  // By and by it is noticed who gets payments through.
  for (let at = 0; at < 6; at += 1) await Promise.allSettled(Array.from({ length: 10 }, () => pay('pm_card_visa')));
  // Two of a hundred payments still go by the fixed acquirer, to compare with.
  let after: Route | undefined;
  while (after?.policy !== 'learned') {
    await pay('pm_card_visa').catch(() => undefined);
    after = await routeOf(await last());
  }
  assert.deepEqual(after.attempts.at(-1), { acquirer: 'oak', code: '00', retryable: false });
  const poor = await refusal(pay('pm_card_chargeDeclinedInsufficientFunds'));
  assert.equal(poor.decline_code, 'insufficient_funds');
  const declined = await routeOf(await last());
  assert.deepEqual(declined.attempts.at(-1)?.retryable, false);
  assert.equal(declined.attempts.filter(({ code }) => code === '51').length, 1);
  await simulated({});
  const books = await rest<{ books: Record<string, number> }>('GET', 'card-networks');
  const taken = (await stripe.balance.retrieve()).pending.find(({ currency }) => currency === 'eur')?.amount;
  assert.equal(books.books.EUR, taken, 'nothing was taken twice');
});

test('what was learned and how far it is trusted outlive the process', async () => {
  const before = await routing();
  const seen = (await routeOf((await pay('pm_card_visa')).id)).candidates;
  const pid = house.platform.status().processes.find(({ name }) => name === 'payments')?.pid;
  await pause(2500);
  process.kill(Number(pid), 'SIGKILL');
  await answered(() => stripe.balance.retrieve());
  assert.equal((await routing()).rollout.learned_percent, before.rollout.learned_percent);
  const again = (await routeOf((await answered(() => pay('pm_card_visa'))).id)).candidates;
  for (const { acquirer, approval } of seen) {
    const now = again.find((each) => each.acquirer === acquirer)?.approval;
    assert.ok(Math.abs(Number(now) - Number(approval)) < 0.1, `${acquirer}: ${approval}, then ${now}`);
  }
});
