import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, numberOf, type Thing } from '../domain/json.ts';
import type { Conditions } from '../engine/card/network.ts';
import { networkWaitMs } from '../engine/card/limits.ts';
import { ratesKeptMax, ratesKeptMs } from './limits.ts';
import type { Objects } from './object.ts';

export const networkKind = 'card_network';

/** Simulated networks as they are unless an environment says otherwise: at once, and without a fault. */
const fair: Fields = {
  ...{ seed: '', latency_ms: 0, spread_ms: 0, wait_ms: networkWaitMs, lost: 0, late: 0, twice: 0 },
  ...{ declined: 0, decline_code: '05' },
};

export const fairNetwork = (created: number): Thing => ({ id: networkKind, object: networkKind, created, conditions: fair });

/** What the simulated networks of each environment are like; what was changed holds within a second. */
export class Networks {
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #known = new Map<bigint, { readonly conditions: Conditions; readonly until: number }>();

  constructor(objects: Objects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

  async conditions(at: Placed): Promise<Conditions> {
    const known = this.#known.get(at.scope);
    if (known && known.until > this.#now()) return known.conditions;
    const kept = await this.#objects.get(at, networkKind, networkKind);
    const given = fieldsOf(kept?.thing.conditions);
    const now = this.#now();
    const lifted = (numberOf(given.down_until) ?? Number.POSITIVE_INFINITY) * 1000;
    const { down, ...rest } = conditionsIn(given);
    const conditions = down === undefined || lifted <= now ? rest : { ...rest, down };
    if (this.#known.size >= ratesKeptMax) this.#known.clear();
    this.#known.set(at.scope, { conditions, until: lifted > now ? Math.min(now + ratesKeptMs, lifted) : now + ratesKeptMs });
    return conditions;
  }

  forget(at: Placed): void {
    this.#known.delete(at.scope);
  }
}

function conditionsIn(given: Fields): Conditions {
  const payoutSeconds = numberOf(given.payout_s);
  const of = (name: string) => numberOf(given[name]) ?? Number(fair[name]);
  return {
    ...{ seed: String(given.seed ?? ''), latencyMs: of('latency_ms'), spreadMs: of('spread_ms'), waitMs: of('wait_ms') },
    ...{ lost: of('lost'), late: of('late'), twice: of('twice') },
    ...{ declined: of('declined'), declineCode: String(given.decline_code ?? fair.decline_code) },
    ...(payoutSeconds === undefined ? {} : { payoutSeconds }),
    ...(typeof given.market === 'string' ? { market: given.market } : {}),
    ...(Array.isArray(given.down) ? { down: given.down.map(String) } : {}),
  };
}
