import { fileURLToPath } from 'node:url';
import { firstAcquirer, acquirerNamed, costOf } from '#services/payments/domain/acquirer.ts';
import { Bandit, slotsOf } from '#services/payments/domain/bandit.ts';
import { isRetryable, routed } from '#services/payments/domain/route.ts';
import { type Forked, forked } from '../fork.ts';
import { type BenchResult, type BenchRow, bounded, least } from '../result.ts';
import type { Payment, Question, Totals } from './market.main.ts';

const markets = 5;
const [payments, together] = [Number(process.env.GAMUT_ROUTING_PAYMENTS ?? 1_000_000), 200];
/** Seeds of markets to run again; without them each market draws its own when it opens, and nobody knows it before. */
const seeds = process.env.GAMUT_ROUTING_SEEDS?.split(',');
const [approvalLeast, oracleMost] = [95, 1];
const wanted = { policy: 'learned', fixed: firstAcquirer, residency: null, costWeight: 0.2, attemptsMax: 2 } as const;
/** Student's t for five samples, and the normal quantile, of 95 percent. */
const [student, normal] = [2.776, 1.96];
const module = fileURLToPath(new URL('./market.main.ts', import.meta.url));

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const ask = <Answer>(market: Forked, question: Question) => market.ask<Answer>(question);

type Taken = { readonly first: number; readonly last: number; readonly cost: number; readonly fixed: number; readonly totals: Totals };

/** One market: it is committed to, then a million payments are routed by a policy that begins with nothing. */
async function traded(seed: string | undefined): Promise<Taken> {
  const market = forked(module);
  try {
    const { hash } = await ask<{ hash: string }>(market, seed === undefined ? { op: 'open' } : { op: 'open', seed });
    say(`market committed: sha256 ${hash}`);
    const bandit = new Bandit(Math.random);
    let [first, last, cost] = [0, 0, 0];
    for (let done = 0; done < payments; done += together) {
      const next = await ask<{ payments: Payment[] }>(market, { op: 'next', count: together });
      const routes = next.payments.map((payment) => routed(bandit, payment, wanted));
      const { answers } = await ask<{ answers: string[][] }>(market, { op: 'ask', orders: routes.map(({ order }) => order) });
      answers.forEach((codes, index) => {
        const { order, context } = routes[index]!;
        const slots = slotsOf(context);
        codes.forEach((code, at) => {
          if (code === '00' || isRetryable(code)) bandit.learn(order[at]!, slots, code === '00');
        });
        if (codes[0] === '00') first += 1;
        if (codes.at(-1) !== '00') return;
        last += 1;
        cost += costOf(acquirerNamed(order[codes.length - 1])!, context.amount);
      });
    }
    const totals = await ask<Totals>(market, { op: 'end' });
    const again = forked(module);
    const opened = await ask<{ hash: string }>(again, { op: 'open', seed: totals.seed });
    await again.end();
    if (opened.hash !== hash) throw new Error('the market is not the one that was committed to');
    const fixed = Math.max(...Object.values(totals.fixed));
    const share = (count: number) => ((100 * count) / totals.payments).toFixed(2);
    const { oracle } = totals;
    say(
      `seed ${totals.seed}: best fixed ${share(fixed)} %, routed ${share(first)} % (oracle ${share(oracle.first)} %), ` +
        `with one fallback ${share(last)} % (oracle ${share(oracle.last)} %)`,
    );
    return { first, last, cost: cost / last, fixed, totals };
  } finally {
    await market.end();
  }
}

/** The mean over markets with the interval that the mean of all markets lies in, at 95 percent. */
function estimated(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  return { mean, half: student * Math.sqrt(variance / values.length) };
}

export async function run(): Promise<BenchResult> {
  const taken: Taken[] = [];
  for (let at = 0; at < markets; at += 1) taken.push(await traded(seeds?.[at]));
  const percent = (of: (one: Taken) => number) => taken.map((one) => (100 * of(one)) / one.totals.payments);
  const row = (name: string, values: readonly number[], make: (row: string, mean: number) => BenchRow): BenchRow => {
    const { mean, half } = estimated(values);
    return make(`${name}, ${markets} markets, 95 %: ${(mean - half).toFixed(2)} to ${(mean + half).toFixed(2)}`, mean);
  };
  const gap = (one: Taken, way: 'first' | 'last') => one.totals.oracle[way] - one[way];
  const spread = Math.max(...percent(({ first }) => first).map((share) => normal * Math.sqrt((share * (100 - share)) / payments)));
  return {
    name: 'routing',
    rows: [
      row(
        'best fixed acquirer',
        percent(({ fixed }) => fixed),
        (name, mean) => least(name, '%', mean, null),
      ),
      row(
        'routed, first attempt alone',
        percent(({ first }) => first),
        (name, mean) => least(name, '%', mean, approvalLeast),
      ),
      row(
        'points below the oracle',
        percent((one) => gap(one, 'first')),
        (name, mean) => bounded(name, 'points', mean, oracleMost),
      ),
      row(
        'routed, one fallback on a retryable decline',
        percent(({ last }) => last),
        (name, mean) => least(name, '%', mean, approvalLeast),
      ),
      row(
        'points below the oracle with it',
        percent((one) => gap(one, 'last')),
        (name, mean) => bounded(name, 'points', mean, oracleMost),
      ),
      bounded('largest half of an interval within one market', 'points', spread, null),
      row(
        'cost of what was approved',
        taken.map(({ cost }) => 100 * cost),
        (name, mean) => bounded(name, '%', mean, null),
      ),
    ],
  };
}
