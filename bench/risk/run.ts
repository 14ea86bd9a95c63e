import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { train, usual } from '#engine/tree/train.ts';
import { writeModel } from '#engine/tree/written.ts';
import { deployDatabase, serviceUrl } from '#kernel/migrate/database.ts';
import { deploySchema } from '#kernel/migrate/deploy.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { openSql } from '#seams/sql/sql.ts';
import { startTestServer } from '#seams/sql/test/server.ts';
import { askedOfCharge } from '#services/payments/domain/risk.ts';
import type { Thing } from '#services/payments/domain/json.ts';
import { Commits } from '#services/payments/store/commit.ts';
import { Objects } from '#services/payments/store/object.ts';
import { modelKind, ruleKind, type Risks, risksOver } from '#services/payments/store/risk.ts';
import { sealer } from '#services/payments/test/fixtures/sealer.ts';
import { featuresOf, names, type Rows } from '../fraud/feature.ts';
import { type Transaction, transactions } from '../fraud/world.ts';
import { type BenchResult, bounded, least } from '../result.ts';

const deployment = 'bench';
const at: Placed = { tenant: 1n, scope: 1n };
const [seed, days] = [2018, 14];
/** Days that the model is trained on; the payments that are counted before, and scored, are the last ones. */
const part = { from: 10, to: 13 };
const [counted, scored, rules] = [5000, 2000, 20];
const perSecond = 200;
const p99MostMs = 2;
const createdNow = () => Math.floor(Date.now() / 1000);

/**
 * What the step of a payment takes that scores it: its features out of memory, twenty rules, a model of 100 trees, its calibration,
 * and the reasons. Rules and the model are in a PostgreSQL, and are read anew as they are in the service.
 */
export async function run(): Promise<BenchResult> {
  await using server = await startTestServer();
  await using admin = openSql(await deployDatabase(server.url, deployment), { max: 1 });
  const folder = fileURLToPath(new URL('../../services/payments/store/migration', import.meta.url));
  await deploySchema({ admin, deployment, service: 'payments', folder, password: 'pw' });
  await using sql = openSql(serviceUrl(server.url, deployment, 'payments', 'pw'), { max: 4 });
  const objects = new Objects(sql, sealer, new Commits(sql));
  const all = transactions(seed, days);
  const later = all.slice(-counted - scored);
  await keep(objects, [...ruleThings(), modelThing(all), ...later.slice(0, counted).map(eventOf)]);
  const risks = risksOver(objects, Date.now);
  const asked = later.slice(counted);
  const loaded = performance.now();
  await scoreOf(risks, asked[0] as Transaction);
  const loadedMs = performance.now() - loaded;
  for (const each of asked.slice(0, scored / 4)) await scoreOf(risks, each);
  const { times, cpus } = await paced(risks, asked);
  const cpuUs = await atOnce(risks, asked);
  const of = (sorted: Float64Array, share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    name: 'risk',
    rows: [
      bounded(`a score with its reasons, ${perSecond} a second, p99`, 'ms', of(times, 0.99), p99MostMs),
      bounded('of that, CPU of the process, p99', 'ms', of(cpus, 0.99), null),
      bounded(`a score with its reasons, ${perSecond} a second, median`, 'ms', of(times, 0.5), null),
      bounded('CPU of a score', 'us', cpuUs, null),
      least('scores', '1/CPU-s', 1e6 / cpuUs, null),
      bounded(`the first score, for which ${counted} events are counted`, 'ms', loadedMs, null),
    ],
  };
}

const chargeOf = ({ customer, terminal, amount }: Transaction, created: number): Thing => ({
  ...{ id: '', object: 'charge', amount: Math.max(1, Math.round(amount * 100)), currency: 'usd', created, customer: String(customer) },
  payment_method_details: { type: 'card', card: { fingerprint: `card ${customer}`, country: 'US', brand: 'visa', funding: 'credit' } },
  ...{ metadata: { device: String(terminal) }, billing_details: { email: `customer${customer}@example.com` } },
});

const eventOf = (each: Transaction, index: number): Thing => {
  const created = createdNow() - (counted - index);
  return { id: `evt_${index}`, object: 'event', type: 'charge.succeeded', created, data: { object: chargeOf(each, created) } };
};

const ruleThings = (): Thing[] =>
  Array.from({ length: rules }, (_, index) => ({
    ...{ id: `rule_${index}`, object: ruleKind, created: createdNow(), action: 'block', status: index % 2 === 0 ? 'enabled' : 'shadow' },
    predicate: `:card_count_1h: > ${1000 + index} and :card_country: != 'US' or :email_sum_7d: > ${1e9 + index}`,
  }));

/** A model of the world's payments; what it says is raised, so that each score is high enough to have reasons. */
function modelThing(all: readonly Transaction[]): Thing {
  const [{ rows, labels }] = featuresOf(all, [part]) as [Rows];
  const model = writeModel(train(names, rows, labels, { ...usual, rate: 0.1 }));
  const calibration = { scores: [0, 1], shares: [0.7, 0.7] };
  return { id: modelKind, object: modelKind, created: createdNow(), format: 'gamut', model, calibration };
}

async function keep(objects: Objects, things: readonly Thing[]): Promise<void> {
  const statements = await Promise.all(things.map((thing) => objects.insertion(at, thing)));
  await Promise.all(statements.map((statement) => objects.commit(at, [statement])));
}

async function scoreOf(risks: Risks, each: Transaction): Promise<void> {
  const { reasons, facts } = await risks.assess(at, askedOfCharge(chargeOf(each, createdNow())), {
    isOffSession: false,
    isAuthenticated: false,
  });
  if (reasons.length === 0 || facts.customer_count_7d === undefined) throw new Error('a score has no reasons, or no features');
}

/** Milliseconds that scores take, and of CPU, each sorted, when they come one after the other in even steps. */
async function paced(risks: Risks, asked: readonly Transaction[]): Promise<{ times: Float64Array; cpus: Float64Array }> {
  const [times, cpus] = [new Float64Array(asked.length), new Float64Array(asked.length)];
  const began = performance.now();
  for (const [index, each] of asked.entries()) {
    const waitMs = began + (index * 1000) / perSecond - performance.now();
    if (waitMs > 0) await pause(waitMs);
    const [from, used] = [performance.now(), process.cpuUsage()];
    await scoreOf(risks, each);
    const { user, system } = process.cpuUsage(used);
    times[index] = performance.now() - from;
    cpus[index] = (user + system) / 1000;
  }
  return { times: times.sort(), cpus: cpus.sort() };
}

/** Microseconds of CPU for each, PostgreSQL's left out, when the next one begins at once. */
async function atOnce(risks: Risks, asked: readonly Transaction[]): Promise<number> {
  const before = process.cpuUsage();
  for (const each of asked) await scoreOf(risks, each);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / asked.length;
}
