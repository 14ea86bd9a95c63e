import type { AnyService } from '../contract/contract.ts';
import type { UsageRecord } from '../audit/record.ts';

const minuteMs = 60_000;

/** What one scope used of one meter since the last flush. Hot paths keep the counter and add to `value` by themselves. */
export type Counter = {
  readonly tenant: string;
  readonly scope: string;
  readonly meter: string;
  readonly gauge: boolean;
  value: number;
  touched: boolean;
};

/** Usage of one service in one process, counted in memory and written to the journal as minute windows. */
export class Meters {
  readonly #contract: AnyService;
  readonly #counters = new Map<string, Counter>();
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
    const known = this.#counters.get(id);
    if (known) return known;
    const made: Counter = { tenant, scope, meter, gauge: this.#contract.meters[meter]?.kind === 'gauge', value: 0, touched: false };
    this.#counters.set(id, made);
    return made;
  }

  /** Adds to a sum, or sets a gauge. */
  add(tenant: string, scope: string, meter: string, amount: number): void {
    const counter = this.counter(tenant, scope, meter);
    counter.value = counter.gauge ? amount : counter.value + amount;
    counter.touched = true;
  }

  /** Writes what was counted into the minute that is running. */
  flush(): void {
    const minute = Math.floor(this.#now() / minuteMs) * minuteMs;
    for (const [id, counter] of this.#counters) {
      if (!counter.touched) {
        this.#counters.delete(id);
        continue;
      }
      const { tenant, scope, meter, gauge } = counter;
      this.#write({
        tenant,
        scope,
        service: this.#contract.name,
        meter,
        minute,
        value: BigInt(Math.round(counter.value)).toString(),
        ...(gauge ? { gauge: true } : {}),
      });
      if (!gauge) counter.value = 0;
      counter.touched = false;
    }
  }
}
