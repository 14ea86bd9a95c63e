import { createHash, randomBytes } from 'node:crypto';
import { acquirers, excludedBy } from '#services/payments/domain/acquirer.ts';
import { Market, type Trade } from '#services/payments/engine/card/market.ts';

/** A payment as it is asked for. */
export type Payment = Trade & { readonly currency: string };
export type Question =
  | { readonly op: 'open'; readonly seed?: string }
  | { readonly op: 'next'; readonly count: number }
  | { readonly op: 'ask'; readonly orders: readonly (readonly string[])[] }
  | { readonly op: 'end' };
export type Totals = {
  readonly seed: string;
  readonly payments: number;
  readonly fixed: Readonly<Record<string, number>>;
  readonly oracle: { readonly first: number; readonly last: number };
};

const countries = [
  ...([
    ['US', 'usd', 30],
    ['CA', 'cad', 6],
    ['MX', 'mxn', 4],
    ['BR', 'brl', 8],
    ['DE', 'eur', 12],
    ['FR', 'eur', 9],
    ['NL', 'eur', 4],
  ] as const),
  ...([
    ['GB', 'gbp', 10],
    ['SE', 'sek', 3],
    ['CH', 'chf', 3],
    ['JP', 'jpy', 6],
    ['IN', 'inr', 5],
  ] as const),
];
const brands = [
  ['visa', '4', 50],
  ['mastercard', '5', 35],
  ['amex', '37', 10],
  ['jcb', '35', 5],
] as const;
const [binsOfEach, entries, bands] = [4, ['plain', 'proven', 'away'] as const, [500, 5000, 50_000, 500_000] as const];
const attemptsMax = 2;

/** Which payments come, and how chance falls, by a generator of its own (xorshift of 32 bits), seeded by a text. */
function chance(seed: string): () => number {
  let state = createHash('sha256').update(`payments ${seed}`).digest().readUInt32BE(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function weighed<T extends readonly [...unknown[], number]>(rows: readonly T[], draw: number): T {
  let left = draw * rows.reduce((sum, row) => sum + (row.at(-1) as number), 0);
  for (const row of rows) {
    left -= row.at(-1) as number;
    if (left < 0) return row;
  }
  return rows.at(-1) as T;
}

const binOf = (start: string, country: string, at: number): string =>
  (start + String(createHash('sha256').update(`${country} ${at}`).digest().readUInt32BE(0))).slice(0, 6);

/** A market with its payments. Nothing of it leaves this process but what a business would see. */
class Trading {
  readonly #seed: string;
  readonly #market: Market;
  readonly #random: () => number;
  readonly #fixed: Record<string, number> = Object.fromEntries(acquirers.map(({ id }) => [id, 0]));
  #waiting: { payment: Payment; hard: boolean; draws: Map<string, number> }[] = [];
  #payments = 0;
  #oracle = { first: 0, last: 0 };

  constructor(seed: string) {
    this.#seed = seed;
    this.#market = new Market(seed);
    this.#random = chance(seed);
  }

  /** The hash of every chance of approval that there is in this market. */
  commitment(): string {
    const hash = createHash('sha256').update(this.#seed);
    for (const [country] of countries)
      for (const [brand, start] of brands)
        for (let at = 0; at < binsOfEach; at += 1)
          for (const amount of bands)
            for (const entry of entries) {
              const trade = { country, brand, bin: binOf(start, country, at), amount, entry };
              for (const { id } of acquirers) hash.update(`${this.#market.approval(id, trade)} `);
            }
    return hash.digest('hex');
  }

  next(count: number): Payment[] {
    this.#waiting = Array.from({ length: count }, () => {
      const [country, currency] = weighed(countries, this.#random());
      const [brand, start] = weighed(brands, this.#random());
      const bin = binOf(start, country, Math.floor(this.#random() * binsOfEach));
      const entry = entries[Math.floor(this.#random() * entries.length)]!;
      const amount = Math.round(100 * 10 ** (this.#random() * 3.5));
      const payment = { country, currency, brand, bin, entry, amount };
      return { payment, hard: this.#market.isDeclined(this.#random()), draws: new Map(acquirers.map(({ id }) => [id, this.#random()])) };
    });
    return this.#waiting.map(({ payment }) => payment);
  }

  /** The codes that each payment was answered with, acquirer after acquirer. */
  ask(orders: readonly (readonly string[])[]): string[][] {
    return this.#waiting.map(({ payment, hard, draws }, index) => {
      this.#payments += 1;
      const open = acquirers.filter((each) => excludedBy(each, { ...payment, residency: null }) === undefined);
      const chances = new Map(open.map(({ id }) => [id, this.#market.approval(id, payment)]));
      const passes = (id: string) => !hard && (draws.get(id) ?? 1) < (chances.get(id) ?? 0);
      for (const { id } of open) if (passes(id)) this.#fixed[id]! += 1;
      const best = [...chances].toSorted((one, other) => other[1] - one[1]).map(([id]) => id);
      if (passes(best[0] ?? '')) this.#oracle.first += 1;
      if (best.slice(0, attemptsMax).some(passes)) this.#oracle.last += 1;
      const codes: string[] = [];
      for (const id of (orders[index] ?? []).slice(0, attemptsMax)) {
        codes.push(hard ? '51' : passes(id) ? '00' : '91');
        if (codes.at(-1) !== '91') break;
      }
      return codes;
    });
  }

  end(): Totals {
    return { seed: this.#seed, payments: this.#payments, fixed: this.#fixed, oracle: this.#oracle };
  }
}

let trading: Trading | undefined;

function answer(question: Question): object {
  if (question.op === 'open') {
    trading = new Trading(question.seed ?? randomBytes(16).toString('hex'));
    return { hash: trading.commitment() };
  }
  if (!trading) throw new TypeError('no market is open');
  if (question.op === 'next') return { payments: trading.next(question.count) };
  return question.op === 'ask' ? { answers: trading.ask(question.orders) } : trading.end();
}

process.on('message', (question: Question) => {
  try {
    process.send?.(answer(question));
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
