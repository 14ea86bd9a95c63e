import { type Domains, type DurabilityModel, meanYearsToLoss, shardsByDomain } from './durability.ts';

const yearDays = 365;
const raiseStep = 1.5;

/** What a stripe has lost, domain by domain, and what becomes of it: rates a year to other states, and to its loss. */
type Chain = { readonly rates: Float64Array[]; readonly loss: Float64Array };

/**
 * Mean years until a stripe is lost when whole domains fail too: an absorbing Markov chain over how many shards each domain
 * has lost. Domains of a size are alike, so that few states are left. Undefined when they are more than `statesMax`.
 */
export function correlatedYearsToLoss(model: DurabilityModel, domains: Domains, statesMax: number): number | undefined {
  const chain = chainOf(model, domains, statesMax);
  return chain && meanTime(chain);
}

function chainOf(model: DurabilityModel, domains: Domains, statesMax: number): Chain | undefined {
  const { parityShards, annualFailureRate, repairDays } = model;
  const sizes = shardsByDomain(model.dataShards + parityShards, domains.count).filter((size) => size > 0);
  const whole = sizes.map(() => 0);
  const states = new Map([[nameOf(whole, sizes), 0]]);
  const list = [whole];
  const moves: { from: number; to: number | undefined; rate: number }[] = [];
  for (let from = 0; from < list.length; from++) {
    const lost = list[from]!;
    const go = (at: number, count: number, rate: number) => {
      if (rate === 0 || count === lost[at]) return;
      const next = lost.with(at, count);
      if (next.reduce((sum, one) => sum + one, 0) > parityShards) return void moves.push({ from, to: undefined, rate });
      const name = nameOf(next, sizes);
      const to = states.get(name) ?? list.push(next) - 1;
      states.set(name, to);
      moves.push({ from, to, rate });
    };
    for (const { at, size, count } of alike(sizes, lost)) {
      go(at, lost[at]! + 1, count * (size - lost[at]!) * annualFailureRate);
      go(at, lost[at]! - 1, (count * lost[at]! * yearDays) / repairDays);
      go(at, size, count * domains.annualFailureRate);
    }
    if (list.length > statesMax) return undefined;
  }
  const rates = list.map(() => new Float64Array(list.length));
  const loss = new Float64Array(list.length);
  for (const { from, to, rate } of moves)
    if (to === undefined) loss[from]! += rate;
    else rates[from]![to]! += rate;
  return { rates, loss };
}

/** Domains of a size that lost as many go the same ways: one of them, and how many there are. */
function alike(sizes: readonly number[], lost: readonly number[]): { at: number; size: number; count: number }[] {
  const found = new Map<string, { at: number; size: number; count: number }>();
  for (const [at, size] of sizes.entries()) {
    const name = `${size} ${lost[at]!}`;
    const known = found.get(name);
    if (known) known.count++;
    else found.set(name, { at, size, count: 1 });
  }
  return [...found.values()];
}

/** The same name for states that differ only in which of the domains of a size lost how many. */
function nameOf(lost: readonly number[], sizes: readonly number[]): string {
  return lost
    .map((count, at) => [sizes[at]!, count] as const)
    .toSorted(([a, b], [c, d]) => a - c || b - d)
    .join(' ');
}

/**
 * The mean time to loss from the first state. The others are put into it one after the other without a subtraction (Grassmann,
 * Taksar and Heyman), so that rates which differ by thirty powers of ten cost no digits.
 */
function meanTime({ rates, loss }: Chain): number {
  const time = new Float64Array(rates.length).fill(1);
  for (let gone = rates.length - 1; gone > 0; gone--) {
    const from = rates[gone]!;
    let out = loss[gone]!;
    for (let to = 0; to < gone; to++) out += from[to]!;
    for (let at = 0; at < gone; at++) {
      const share = rates[at]![gone]! / out;
      if (share === 0) continue;
      time[at]! += share * time[gone]!;
      loss[at]! += share * loss[gone]!;
      for (let to = 0; to < gone; to++) if (to !== at) rates[at]![to]! += share * from[to]!;
    }
  }
  return time[0]! / loss[0]!;
}

/** The same drives and domains, so much worse. */
export function raised(model: DurabilityModel, domains: Domains | undefined, by: number): { model: DurabilityModel; domains?: Domains } {
  return {
    model: { ...model, annualFailureRate: model.annualFailureRate * by },
    ...(domains ? { domains: { ...domains, annualFailureRate: domains.annualFailureRate * by } } : {}),
  };
}

/** By the chain that fits: with domains that fail as a whole, or without. */
export function yearsToLoss(model: DurabilityModel, domains: Domains | undefined, statesMax: number): number | undefined {
  return domains ? correlatedYearsToLoss(model, domains, statesMax) : meanYearsToLoss(model);
}

/**
 * How much worse drives and domains must be for a life of a stripe to have no more than so many failures; at the most some
 * hundred times the pace of repair, where all is lost at once. The worse they are, the fewer a life has.
 */
export function raiseFor(model: DurabilityModel, domains: Domains | undefined, failuresMax: number, statesMax: number): number | undefined {
  const ofDomains = domains ? domains.count * domains.annualFailureRate : 0;
  const failing = (model.dataShards + model.parityShards) * model.annualFailureRate + ofDomains;
  const most = Math.max(0, Math.ceil(Math.log(((yearDays / model.repairDays) * 1e3) / failing) / Math.log(raiseStep)));
  let [least, enough] = [0, most];
  while (least < enough) {
    const middle = Math.floor((least + enough) / 2);
    const worse = raised(model, domains, raiseStep ** middle);
    const years = yearsToLoss(worse.model, worse.domains, statesMax);
    if (years === undefined) return undefined;
    if (years * failing * raiseStep ** middle <= failuresMax) enough = middle;
    else least = middle + 1;
  }
  return raiseStep ** least;
}

/** The domains that have a shard: the failures of others change nothing. */
export function holding({ dataShards, parityShards }: DurabilityModel, domains: Domains): Domains {
  return { ...domains, count: Math.min(domains.count, dataShards + parityShards) };
}
