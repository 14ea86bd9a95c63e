/** What is known of a payment before it is routed. */
export type Context = {
  /** Two letters of ISO 3166: where the card was issued. */
  readonly country: string;
  readonly brand: string;
  /** The first six digits of the card. */
  readonly bin: string;
  readonly amount: number;
  /** How it is made: `proven` by the cardholder, `plain`, or `away`. */
  readonly entry: string;
};

const slots = 4096;
/** What is thought of a weight before anything was seen of it: it is about nothing, give or take this (one over its variance). */
const priorPrecision = 4;
/** Before anything was seen, an acquirer approves most payments. */
const priorLogit = 2.5;
/** What was seen long ago counts less: how much of what is known of a weight is forgotten each time it is seen again. */
const forgotten = 0.0002;
/** How fast it is noticed that an acquirer has lately approved less than it should, and how fast that is forgotten. */
const [noticed, forgiven] = [0.04, 0.002];

/** How far a drawn chance lies from what is thought, in standard deviations of the weights: less than one, as they are not independent. */
const boldness = 0.5;

/** Amounts are alike that are of one size: each half of a power of ten. */
const bandOf = (amount: number): number => Math.min(Math.floor(Math.log10(Math.max(amount, 1)) * 2), 15);

/** FNV-1a, into one of the slots. */
function slotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return ((hash >>> 12) ^ hash) & (slots - 1);
}

/** What a context is described by: each part of it, pairs and one triple of them, as slots of weights. */
export function slotsOf({ country, brand, bin, amount, entry }: Context): Int32Array {
  const band = bandOf(amount);
  return Int32Array.of(
    ...[slotOf('all'), slotOf(`c ${country}`), slotOf(`b ${brand}`), slotOf(`n ${bin}`), slotOf(`a ${band}`), slotOf(`e ${entry}`)],
    ...[
      slotOf(`cb ${country} ${brand}`),
      slotOf(`ca ${country} ${band}`),
      slotOf(`ce ${country} ${entry}`),
      slotOf(`be ${brand} ${entry}`),
      slotOf(`cba ${country} ${brand} ${band}`),
    ],
  );
}

/** What is thought of one acquirer: of each weight its mean and precision, and whether it has lately done worse than that. */
type Arm = { readonly mean: Float64Array; readonly precision: Float64Array; health: number };

const newArm = (): Arm => ({ mean: new Float64Array(slots), precision: new Float64Array(slots).fill(priorPrecision), health: 0 });

export type Written = {
  readonly [arm: string]: { readonly health: number; readonly weights: readonly (readonly [number, number, number])[] };
};

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * A contextual bandit: for each arm a Bayesian logistic regression of approvals on the context, with independent weights, out of which
 * a chance is drawn for each decision (Thompson sampling): an arm that little is known of is tried as often as it may be the best.
 * `random` gives numbers from 0 to 1.
 */
export class Bandit {
  readonly #arms = new Map<string, Arm>();
  readonly #random: () => number;

  constructor(random: () => number, written: Written = {}) {
    this.#random = random;
    for (const [name, { health, weights }] of Object.entries(written)) {
      const arm = { ...newArm(), health };
      for (const [slot, mean, precision] of weights) {
        arm.mean[slot] = mean;
        arm.precision[slot] = precision;
      }
      this.#arms.set(name, arm);
    }
  }

  /** The chance that an arm approves: what is thought of it (`mean`), and one that is drawn from how sure that is (`drawn`). */
  chance(name: string, context: Int32Array): { mean: number; drawn: number } {
    const { mean, precision, health } = this.#arm(name);
    let [logit, variance] = [priorLogit, 0];
    for (const slot of context) {
      logit += mean[slot]!;
      variance += 1 / precision[slot]!;
    }
    const lately = Math.min(health, 0);
    return { mean: sigmoid(logit) + lately, drawn: sigmoid(logit + boldness * Math.sqrt(variance) * this.#normal()) + lately };
  }

  /** An arm has approved, or has not for a reason of its own. */
  learn(name: string, context: Int32Array, approved: boolean): void {
    const arm = this.#arm(name);
    const { mean, precision } = arm;
    let logit = priorLogit;
    for (const slot of context) logit += mean[slot]!;
    const expected = sigmoid(logit);
    const surprise = Number(approved) - expected;
    const information = expected * (1 - expected);
    for (const slot of context) {
      precision[slot] = Math.max(priorPrecision, precision[slot]! * (1 - forgotten)) + information;
      mean[slot]! += surprise / precision[slot]!;
    }
    arm.health += noticed * (surprise - arm.health);
    // One that is not asked any more is not asked whether it is well again: it is thought so by and by.
    for (const other of this.#arms.values()) if (other !== arm) other.health *= 1 - forgiven;
  }

  /** All that was learned, to begin with another time. */
  written(): Written {
    const of = ({ mean, precision, health }: Arm) => ({
      health,
      weights: [...mean.entries()].filter(([, value]) => value !== 0).map(([slot, value]) => [slot, value, precision[slot]!] as const),
    });
    return Object.fromEntries([...this.#arms].map(([name, arm]) => [name, of(arm)]));
  }

  #arm(name: string): Arm {
    const known = this.#arms.get(name);
    if (known) return known;
    const made = newArm();
    this.#arms.set(name, made);
    return made;
  }

  /** Box and Muller. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}
