import { Random } from '#engine/random/random.ts';

/** A payment by card at a terminal; `amount` in whole units of one currency, `seconds` since the first day began. */
export type Transaction = {
  readonly seconds: number;
  readonly customer: number;
  readonly terminal: number;
  amount: number;
  /** 0 where it is no fraud, or which of the three scenarios it is of. */
  fraud: number;
};

const [customerCount, terminalCount, side, radius] = [5000, 10_000, 100, 5];
const daySeconds = 86_400;
const [noonSeconds, spreadSeconds] = [daySeconds / 2, 20_000];
/** Scenario 1: what is more than this. Scenario 2: terminals a day, and days. Scenario 3: customers a day, days, share and factor. */
const [muchAmount, terminalsADay, terminalDays, customersADay, customerDays, customerShare, factor] = [220, 2, 28, 3, 14, 1 / 3, 5];

/**
 * Transactions in their order, by the process that the Fraud Detection Handbook (Le Borgne and others, 2022, chapter 3) describes:
 * customers and terminals lie in a square, customers pay at terminals near them, and frauds are of three scenarios.
 */
export function transactions(seed: number, days: number): Transaction[] {
  const random = new Random(seed);
  const place = () => [random.next() * side, random.next() * side] as const;
  const terminals = Array.from({ length: terminalCount }, place);
  const all: Transaction[] = [];
  for (let customer = 0; customer < customerCount; customer += 1) {
    const [x, y] = place();
    const mean = 5 + random.next() * 95;
    const often = random.next() * 4;
    const near = terminals.flatMap(([tx, ty], terminal) => (Math.hypot(tx - x, ty - y) < radius ? [terminal] : []));
    for (let day = 0; day < days; day += 1)
      for (let left = random.poisson(often); left > 0; left -= 1) {
        const at = Math.floor(noonSeconds + random.normal() * spreadSeconds);
        if (at <= 0 || at >= daySeconds || near.length === 0) continue;
        const drawn = mean + (random.normal() * mean) / 2;
        const amount = Math.round((drawn < 0 ? random.next() * mean * 2 : drawn) * 100) / 100;
        all.push({ seconds: day * daySeconds + at, customer, terminal: random.of(near), amount, fraud: 0 });
      }
  }
  all.sort((one, other) => one.seconds - other.seconds);
  compromise(random, all, days);
  return all;
}

/** Makes frauds of some of the transactions. */
function compromise(random: Random, all: Transaction[], days: number): void {
  for (const each of all) if (each.amount > muchAmount) each.fraud = 1;
  const terminalUntil = new Map<number, number>();
  const customerUntil = new Map<number, number>();
  let day = -1;
  for (const each of all) {
    for (; day < Math.floor(each.seconds / daySeconds) && day < days; ) {
      day += 1;
      for (let drawn = 0; drawn < terminalsADay; drawn += 1) terminalUntil.set(random.below(terminalCount), day + terminalDays);
      for (let drawn = 0; drawn < customersADay; drawn += 1) customerUntil.set(random.below(customerCount), day + customerDays);
    }
    if (day < (terminalUntil.get(each.terminal) ?? 0)) each.fraud = 2;
    if (day < (customerUntil.get(each.customer) ?? 0) && random.is(customerShare)) {
      each.amount = Math.round(each.amount * factor * 100) / 100;
      each.fraud = 3;
    }
  }
}
