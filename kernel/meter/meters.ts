import type { AnyService } from '../contract/contract.ts';
import type { UsageRecord } from '../audit/record.ts';

const minuteMs = 60_000;

/**
 * What one scope used of one meter since the last flush. Hot paths keep it: however long it was idle, what it counts next
 * is written again.
 */
export class Counter {
  readonly tenant: string;
  readonly scope: string;
  readonly meter: string;
  readonly gauge: boolean;
  readonly #touch: (counter: Counter) => void;
  /** Whether something was counted since the last flush. */
  touched = false;
  value = 0;

  constructor(place: { tenant: string; scope: string; meter: string; gauge: boolean }, touch: (counter: Counter) => void) {
    this.tenant = place.tenant;
    this.scope = place.scope;
    this.meter = place.meter;
    this.gauge = place.gauge;
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
  #touched: Counter[] = [];
  readonly #write: (record: UsageRecord) => void;
  readonly #now: () => number;

  constructor(contract: AnyService, write: (record: UsageRecord) => void, now: () => number) {
    this.#contract = contract;
    this.#write = write;
    this.#now = now;
  }

  /** The counter of a scope and meter. */
  counter(tenant: string, scope: string, meter: string): Counter {
    const id = `${scope} ${meter}`;
    const known = this.#known.get(id);
    if (known) return known;
    const made = new Counter({ tenant, scope, meter, gauge: this.#contract.meters[meter]?.kind === 'gauge' }, this.#touch);
    this.#known.set(id, made);
    return made;
  }

  readonly #touch = (counter: Counter): void => {
    counter.touched = true;
    this.#touched.push(counter);
  };

  /** Adds to a sum, or sets a gauge. */
  add(tenant: string, scope: string, meter: string, amount: number): void {
    this.counter(tenant, scope, meter).add(amount);
  }

  /** Writes what was counted into the minute that is running; who was not counted in, is looked for no longer. */
  flush(): void {
    const minute = Math.floor(this.#now() / minuteMs) * minuteMs;
    for (const [id, { touched }] of this.#known) if (!touched) this.#known.delete(id);
    const touched = this.#touched;
    this.#touched = [];
    for (const counter of touched) {
      const { tenant, scope, meter, gauge } = counter;
      const value = BigInt(Math.round(counter.value)).toString();
      this.#write({ tenant, scope, service: this.#contract.name, meter, minute, value, ...(gauge ? { gauge: true } : {}) });
      counter.value = 0;
      counter.touched = false;
    }
  }
}
