import { createHash } from 'node:crypto';

/** What of a payment the simulated acquirers differ in. */
export type Trade = {
  readonly country: string;
  readonly brand: string;
  readonly bin: string;
  readonly amount: number;
  readonly entry: string;
};

/** How much approvals of acquirers differ, in logits: by themselves, and by each part of a payment. */
const spreads = { base: 0.15, country: 0.6, brand: 0.4, bin: 1, band: 0.3, entry: 0.3, corner: 0.7 } as const;
const middle = 2.6;
const hardShare = 0.015;

/**
 * A simulated market of acquirers: how likely each gets a payment of a kind approved. All of it follows from a seed, which the
 * business that routes through it does not know.
 */
export class Market {
  readonly #seed: string;
  readonly #known = new Map<string, number>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** The chance that a payment which its issuer would approve gets through an acquirer. */
  approval(acquirer: string, { country, brand, bin, amount, entry }: Trade): number {
    const band = amount < 1000 ? 'low' : amount < 10_000 ? 'middle' : amount < 100_000 ? 'high' : 'highest';
    const of = (name: string) => this.#normal(`${acquirer} ${name}`);
    const logit =
      middle +
      spreads.base * of('base') +
      spreads.country * of(`country ${country}`) +
      spreads.brand * of(`brand ${brand}`) +
      spreads.bin * of(`bin ${bin}`) +
      spreads.band * of(`band ${band}`) +
      spreads.entry * of(`entry ${entry}`) +
      spreads.corner * of(`corner ${country} ${band} ${brand}`);
    return 1 / (1 + Math.exp(-logit));
  }

  /** Whether the issuer declines for good, whoever asks: `draw` is from 0 to 1. */
  isDeclined(draw: number): boolean {
    return draw < hardShare;
  }

  /** A number of the normal distribution that follows from the seed and a name. */
  #normal(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(`${this.#seed} ${name}`).digest();
    const [one, other] = [(digest.readUInt32BE(0) + 1) / (2 ** 32 + 1), digest.readUInt32BE(4) / 2 ** 32];
    const value = Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other);
    this.#known.set(name, value);
    return value;
  }
}
