import type { Placed } from '#kernel/contract/provider.ts';
import { delayIn, settingsKind, usualDelayDays } from '../domain/balance-settings.ts';
import { noRate, type Rate, type RateRow, rateOf } from '../domain/fee.ts';
import { type Fields, fieldsOf, type Json, numberOf, textOf, type Thing } from '../domain/json.ts';
import { ratesKeptMax, ratesKeptMs } from './limits.ts';
import type { Objects } from './object.ts';
import type { Desk, World } from './world.ts';

const name = 'fee_schedule';
const daySeconds = 86_400;

export const emptySchedule = (created: number): Thing => ({ id: name, object: name, created, rates: [] });

type Known = { readonly rows: readonly RateRow[]; readonly delayDays: number; readonly until: number };

/** What a payment costs, by each environment's own table; a table that changed holds within a second. */
export class Rates {
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #known = new Map<bigint, Known>();

  constructor(objects: Objects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

  /** The rate of a card, as a part of a step's input: a step that is taken again costs what it cost. */
  async of(at: Placed, currency: string, card: Json | undefined): Promise<Fields> {
    const { rows, delayDays } = await this.#of(at);
    return { ...rateOf(rows, currency, fieldsOf(card)), delay_days: delayDays };
  }

  forget(at: Placed): void {
    this.#known.delete(at.scope);
  }

  async #of(at: Placed): Promise<Known> {
    const known = this.#known.get(at.scope);
    if (known && known.until > this.#now()) return known;
    const [kept, settings] = await Promise.all([this.#objects.get(at, name, name), this.#objects.get(at, settingsKind, settingsKind)]);
    const rows = (kept?.thing.rates ?? []) as unknown as RateRow[];
    if (this.#known.size >= ratesKeptMax) this.#known.clear();
    const made = { rows, delayDays: delayIn(settings?.thing), until: this.#now() + ratesKeptMs };
    this.#known.set(at.scope, made);
    return made;
  }
}

/** How long the money of a payment waits, by its step's input. */
export const waitSeconds = (input: Fields): number => (numberOf(fieldsOf(input.rate).delay_days) ?? usualDelayDays) * daySeconds;

/** The rate in a step's input. */
export function rateIn(input: Fields): Rate {
  const { basis_points, fixed } = fieldsOf(input.rate);
  return { basis_points: numberOf(basis_points) ?? noRate.basis_points, fixed: numberOf(fixed) ?? noRate.fixed };
}

/** The rate of a payment whose card was authorized. */
export async function rateOfCharge(world: World, desk: Desk, { latest_charge: id, currency }: Thing): Promise<Fields> {
  const charge = await world.objects.get(desk.at, 'charge', textOf(id) ?? '');
  return world.rates.of(desk.at, String(currency), fieldsOf(charge?.thing.payment_method_details).card);
}
