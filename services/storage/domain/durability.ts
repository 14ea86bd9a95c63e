/** A code and how its drives fail: rates per year, times in days. */
export type DurabilityModel = {
  readonly dataShards: number;
  readonly parityShards: number;
  /** Expected failures of a drive in a year. */
  readonly annualFailureRate: number;
  /** Days until a lost shard is made again. */
  readonly repairDays: number;
};

/** Failure domains that fail as a whole: this many, each so often a year. */
export type Domains = { readonly count: number; readonly annualFailureRate: number };

const yearDays = 365;

function choose(n: number, k: number): number {
  let product = 1;
  for (let at = 1; at <= k; at++) product = (product * (n - k + at)) / at;
  return product;
}

/**
 * The chance that a stripe is lost within a year, by windows: a year is cut into periods as long as a repair, and more than
 * the parity must fail within one. It is the model of Backblaze's published calculator.
 */
export function windowLoss({ dataShards, parityShards, annualFailureRate, repairDays }: DurabilityModel): number {
  const periods = yearDays / repairDays;
  const chance = -Math.expm1(-annualFailureRate / periods);
  const shards = dataShards + parityShards;
  let loss = 0;
  for (let failed = parityShards + 1; failed <= shards; failed++)
    loss += choose(shards, failed) * chance ** failed * (1 - chance) ** (shards - failed);
  return -Math.expm1(periods * Math.log1p(-Math.min(loss, 1)));
}

/**
 * Mean years until a stripe is lost, by an absorbing Markov chain: from i shards lost, one more is lost at (n - i) times the
 * rate of a drive, and one is made again at i times the rate of repair.
 */
export function meanYearsToLoss({ dataShards, parityShards, annualFailureRate, repairDays }: DurabilityModel): number {
  const shards = dataShards + parityShards;
  const repairRate = yearDays / repairDays;
  let total = 0;
  let step = 0;
  for (let lost = 0; lost <= parityShards; lost++) {
    step = (1 + lost * repairRate * step) / ((shards - lost) * annualFailureRate);
    total += step;
  }
  return total;
}

/** The chance of losing a stripe within a year when its mean time to loss is so many years. */
export function yearlyLoss(meanYears: number): number {
  return -Math.expm1(-1 / meanYears);
}

/** Nines of durability: 0.999 has three. */
export function ninesOf(loss: number): number {
  return loss <= 0 ? Number.POSITIVE_INFINITY : -Math.log10(loss);
}

/** How many shards lie in each of so many domains when they are dealt out evenly. */
export function shardsByDomain(shards: number, domains: number): number[] {
  return Array.from({ length: domains }, (_, at) => Math.floor((shards + domains - 1 - at) / domains));
}

/**
 * Mean years to loss by playing lives of a stripe to their end, shard by shard. Whole domains may fail too, each taking the
 * shards that lie in it: they are dealt out evenly. Only useful where loss is not rare; `random` gives numbers in [0, 1).
 */
export function simulateYearsToLoss(model: DurabilityModel, trials: number, random: () => number, domains?: Domains): number {
  let total = 0;
  for (let trial = 0; trial < trials; trial++) total += life(model, random, domains);
  return total / trials;
}

function life(
  { dataShards, parityShards, annualFailureRate, repairDays }: DurabilityModel,
  random: () => number,
  domains?: Domains,
): number {
  const shards = dataShards + parityShards;
  const repairRate = yearDays / repairDays;
  const groups = domains?.count ?? 1;
  const size = shardsByDomain(shards, groups);
  const lost = size.map(() => 0);
  const domainRate = domains ? domains.count * domains.annualFailureRate : 0;
  let years = 0;
  for (let down = 0; down <= parityShards; ) {
    const failing = (shards - down) * annualFailureRate;
    const sum = failing + down * repairRate + domainRate;
    years -= Math.log(1 - random()) / sum;
    let pick = random() * sum;
    if (pick < failing) {
      const group = pickGroup(size, (at) => size[at]! - lost[at]!, shards - down, random);
      lost[group]!++;
      down++;
    } else if ((pick -= failing) < down * repairRate) {
      lost[pickGroup(size, (at) => lost[at]!, down, random)]!--;
      down--;
    } else {
      const group = Math.floor(random() * groups);
      down += size[group]! - lost[group]!;
      lost[group] = size[group]!;
    }
  }
  return years;
}

/** A group, each as likely as its count. */
function pickGroup(groups: readonly number[], count: (group: number) => number, total: number, random: () => number): number {
  let pick = random() * total;
  for (let group = 0; group < groups.length; group++) {
    pick -= count(group);
    if (pick < 0) return group;
  }
  return groups.length - 1;
}
