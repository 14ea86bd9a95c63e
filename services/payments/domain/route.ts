import { type Acquirer, acquirers, costOf, excludedBy, firstAcquirer } from './acquirer.ts';
import { type Bandit, type Context, slotsOf } from './bandit.ts';

/** What is said of an acquirer when a payment is routed: why it cannot be, or how likely it approves and what it costs. */
export type Candidate = {
  readonly acquirer: string;
  readonly excluded: string | null;
  readonly approval: number | null;
  readonly cost: number;
  readonly score: number | null;
};

/** Which way a payment goes: `order` are the acquirers that are asked, one after another, as far as declines allow. */
export type Route = {
  readonly policy: 'learned' | 'fixed';
  readonly order: readonly string[];
  readonly candidates: readonly Candidate[];
  readonly context: Context;
};

type Wanted = {
  readonly policy: Route['policy'];
  readonly fixed: Acquirer;
  readonly residency: string | null;
  /** How many points of approval a point of cost is worth. */
  readonly costWeight: number;
  readonly attemptsMax: number;
};

/** Hard constraints first; among those that are left, the fixed one, or those with the best drawn chance less what they cost. */
export function routed(bandit: Bandit, context: Context & { readonly currency: string }, wanted: Wanted): Route {
  const { currency, ...known } = context;
  const constrained = { currency, brand: context.brand, residency: wanted.residency };
  const slots = slotsOf(context);
  const scored = acquirers.map((acquirer) => {
    const cost = costOf(acquirer, context.amount);
    const excluded = excludedBy(acquirer, constrained);
    if (excluded !== undefined) return { acquirer: acquirer.id, excluded, approval: null, cost, score: null };
    const { mean, drawn } = bandit.chance(acquirer.id, slots);
    return { acquirer: acquirer.id, excluded: null, approval: mean, cost, score: drawn - wanted.costWeight * cost };
  });
  const left = scored.filter(({ excluded }) => excluded === null).toSorted((one, other) => Number(other.score) - Number(one.score));
  const names = left.map(({ acquirer }) => acquirer);
  const fixed = names.includes(wanted.fixed.id) ? [wanted.fixed.id] : names.slice(0, 1);
  const order = wanted.policy === 'fixed' ? fixed : names.slice(0, wanted.attemptsMax);
  return { policy: wanted.policy, order, candidates: scored, context: known };
}

/** The way of a payment that nothing was said of. */
export const plainRoute = { policy: 'fixed', order: [firstAcquirer.id] } as const;

/**
 * Codes of field 39 after which another acquirer may be asked: the issuer or its network could not be reached, or the acquirer is not
 * served. Any other is the issuer's word, and asking again elsewhere would be against the rules of the schemes.
 */
const retryable: ReadonlySet<string> = new Set(['91', '92', '96', '15', '58']);
export const isRetryable = (code: string): boolean => retryable.has(code);

/** How payments of one policy went since the rollout began. */
export type Tally = { readonly asked: number; readonly approved: number };
export type Rollout = { readonly stage: number; readonly learned: Tally; readonly fixed: Tally };

/** Percent of payments that go by what was learned, stage after stage. */
export const stages = [5, 25, 50, 100] as const;
const sure = 2.58;

/**
 * What becomes of a rollout: it goes `on` to the next stage when enough payments went either way and none was worse, `back` to none
 * when what was learned approves less than what was fixed by more than `dropMax` and chance (one in two hundred).
 */
export function verdictOn(
  { learned, fixed }: Rollout,
  { paymentsMin, dropMax }: { paymentsMin: number; dropMax: number },
): 'on' | 'back' | 'stay' {
  if (learned.asked < paymentsMin || fixed.asked < paymentsMin) return 'stay';
  const share = (tally: Tally) => tally.approved / tally.asked;
  const spread = (tally: Tally) => (share(tally) * (1 - share(tally))) / tally.asked;
  const drop = share(fixed) - share(learned);
  const error = Math.sqrt(spread(learned) + spread(fixed));
  if (drop > dropMax && drop > sure * error) return 'back';
  return drop <= dropMax ? 'on' : 'stay';
}
