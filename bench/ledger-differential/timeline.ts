const origin = 1_700_000_000_000_000_000n;
const step = 1_000_000n;
/** Imported events lie this close behind the last event: nearer than any answer of a server is to the next request. */
const spanNs = 5_000n;

/** The time of the nth event, as the generator knows it, whatever the servers' clocks say. */
export const virtualTime = (event: number): bigint => origin + BigInt(event) * step;

/** What one server's clock made of the events: its times to and from the numbers of events, which are the same for both servers. */
export class Timeline {
  readonly #times: bigint[] = [];
  readonly #events = new Map<bigint, number>();

  /** The next event was answered with this time. */
  learn(time: bigint): void {
    if (!this.#events.has(time)) this.#events.set(time, this.#times.length);
    this.#times.push(time);
  }

  get length(): number {
    return this.#times.length;
  }

  get first(): bigint {
    return this.#times[0] ?? 0n;
  }

  /** A time of this server as the number of the event that had it. */
  event(time: bigint): string {
    const found = this.#events.get(time);
    return found === undefined ? `at ${time}` : `event ${found}`;
  }

  /** A virtual time, or one a little before it, on this server's clock; times that are far from all events stay what they are. */
  real(time: bigint): bigint {
    if (time < origin || time >= origin * 2n) return time;
    const event = (time - origin + step / 2n) / step;
    const offset = time - origin - event * step;
    if (event >= BigInt(this.#times.length)) return (this.#times.at(-1) ?? 0n) + spanNs + offset;
    return (this.#times[Number(event)] ?? 0n) + offset;
  }
}
