import type { AnyService } from '../contract/contract.ts';
import type { UsageRecord } from '../audit/record.ts';
import { meteredResourcesMax } from './limits.ts';

const minuteMs = 60_000;

/** What was called, and on what. */
export type Called = { readonly operation: string; readonly resource: string };

/** Stands for the resources of a minute that are too many to be told apart. */
const manyResources = '*';

/**
 * What one scope used of one meter since the last flush. Hot paths keep it: however long it was idle, what it counts next
 * is written again.
 */
export class Counter {
  readonly tenant: string;
  readonly scope: string;
  readonly meter: string;
  readonly gauge: boolean;
  /** A JSON object with its names in order; empty where the meter has no dimensions. */
  readonly dimensions: string;
  readonly #touch: (counter: Counter) => void;
  /** Whether something was counted since the last flush. */
  touched = false;
  value = 0;

  constructor(
    place: { tenant: string; scope: string; meter: string; gauge: boolean; dimensions: string },
    touch: (counter: Counter) => void,
  ) {
    this.tenant = place.tenant;
    this.scope = place.scope;
    this.meter = place.meter;
    this.gauge = place.gauge;
    this.dimensions = place.dimensions;
    this.#touch = touch;
  }

  /** Adds to a sum, or sets a gauge. */
  add(amount: number): void {
    if (!this.touched) this.#touch(this);
    this.value = this.gauge ? amount : this.value + amount;
  }
}

/** Usage of one service in one process, counted in memory and written to the journal as minute windows. */
export class Meters {
  readonly #contract: AnyService;
  readonly #known = new Map<string, Counter>();
  /** How many resources are told apart since the last flush, by scope, meter and operation. */
  readonly #resources = new Map<string, number>();
  #touched: Counter[] = [];
  readonly #write: (record: UsageRecord) => void;
  readonly #now: () => number;

  constructor(contract: AnyService, write: (record: UsageRecord) => void, now: () => number) {
    this.#contract = contract;
    this.#write = write;
    this.#now = now;
  }

  /** The counter of a scope and meter, for calls of one operation on one resource where the meter has such dimensions. */
  counter(tenant: string, scope: string, meter: string, called?: Called): Counter {
    const { by = [], kind } = this.#contract.meters[meter] ?? {};
    const operation = called && by.includes('operation') ? called.operation : '';
    const place = `${scope} ${meter} ${operation}`;
    let resource = called && by.includes('resource') ? called.resource : '';
    const known = this.#known.get(`${place} ${resource}`);
    if (known) return known;
    const count = this.#resources.get(place) ?? 0;
    if (count >= meteredResourcesMax) resource = manyResources;
    const id = `${place} ${resource}`;
    const other = this.#known.get(id);
    if (other) return other;
    if (resource !== '') this.#resources.set(place, count + 1);
    const dimensions = { ...(operation === '' ? {} : { operation }), ...(resource === '' ? {} : { resource }) };
    const text = Object.keys(dimensions).length === 0 ? '' : JSON.stringify(dimensions);
    const made = new Counter({ tenant, scope, meter, gauge: kind === 'gauge', dimensions: text }, this.#touch);
    this.#known.set(id, made);
    return made;
  }

  readonly #touch = (counter: Counter): void => {
    counter.touched = true;
    this.#touched.push(counter);
  };

  /** Adds to a sum, or sets a gauge. */
  add(tenant: string, scope: string, meter: string, amount: number, called?: Called): void {
    this.counter(tenant, scope, meter, called).add(amount);
  }

  /** Writes what was counted into the minute that is running; who was not counted in, is looked for no longer. */
  flush(): void {
    const minute = Math.floor(this.#now() / minuteMs) * minuteMs;
    for (const [id, { touched }] of this.#known) if (!touched) this.#known.delete(id);
    this.#resources.clear();
    const touched = this.#touched;
    this.#touched = [];
    for (const counter of touched) {
      const { tenant, scope, meter, gauge, dimensions } = counter;
      const value = BigInt(Math.round(counter.value)).toString();
      const more = { ...(gauge ? { gauge: true as const } : {}), ...(dimensions === '' ? {} : { dimensions }) };
      this.#write({ tenant, scope, service: this.#contract.name, meter, minute, value, ...more });
      counter.value = 0;
      counter.touched = false;
    }
  }
}
